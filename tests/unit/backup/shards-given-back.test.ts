import { describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { Codec, CodecThreads, SealedShard } from '../../../src/ports/codec.ts';
import { contentOf, expectWhole, makeTeam, smallTree } from '../agent/support.ts';

/** Its codecs overwrite at once what they are given back. */
function recyclingWorld(
  seed: string,
  given: SealedShard[],
  onSealed: (shards: readonly SealedShard[]) => void = () => undefined,
): MemoryWorld {
  return createMemoryWorld({
    seed,
    mode: 'auto',
    suite: createWebCryptoSuite(globalThis.crypto.subtle),
    codec: (suite): Codec & CodecThreads => {
      const codec = createCodecOperations(suite);
      return {
        ...codec,
        async encodePack(request) {
          const encoded = await codec.encodePack(request);
          onSealed(encoded.shards);
          return encoded;
        },
        prepare: () => undefined,
        giveBack(shards) {
          given.push(...shards);
          for (const { sealed } of shards) sealed.fill(0);
        },
      };
    },
  });
}

describe('shards of a pack', () => {
  it('are given back once all are with their holders, and nothing of them is needed any more', async () => {
    const given: SealedShard[] = [];
    const world = recyclingWorld('given back', given);
    const { owner } = await makeTeam(world, 4);
    const source = smallTree();
    await owner.agent.backup([source]);
    expect(given.length).toBeGreaterThanOrEqual(8);
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });

  it('are not given back when one of them had to go to somebody else', async () => {
    const given: SealedShard[] = [];
    const kept: SealedShard[] = [];
    const crashes = new Map<string | undefined, () => void>();
    const world = recyclingWorld('kept', given, (shards) => {
      if (kept.length > 0) return;
      kept.push(...shards);
      crashes.get(shards[0]!.seal.holder)!();
    });
    const { owner, holders } = await makeTeam(world, 6);
    for (const { agent, device } of holders) crashes.set(agent.state.device, () => device.crash());
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:3+2' });
    expect(kept.length).toBe(5);
    for (const { seal } of given) expect(seal.packId).not.toBe(kept[0]!.seal.packId);
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });
});
