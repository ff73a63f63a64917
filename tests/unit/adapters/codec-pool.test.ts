import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createCodecPool } from '../../../src/adapters/nodejs/codec-pool.ts';
import { createNodeCryptoSuite } from '../../../src/adapters/nodejs/crypto-suite.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { parseAccountId, parseAgreementId, parseDeviceId, parsePackId } from '../../../src/core/ids.ts';
import type { EncodedPack } from '../../../src/ports/codec.ts';
import { importAccountKeys } from '../../../src/core/crypto/phrase.ts';
import { codecContract } from '../../contracts/codec.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import { CONTRACT_SECRETS } from '../../contracts/key-vault.ts';

const suite = createNodeCryptoSuite();

codecContract('The codec pool of two threads', async () => ({ codec: createCodecPool({ size: 2 }), suite }));

describe('The codec pool', () => {
  it('answers many calls more than it has threads, each with its own bytes', async () => {
    const codec = createCodecPool({ size: 2 });
    await codec.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const sizes = Array.from({ length: 24 }, (_, index) => 200_000 + index * 1000);
    const cuts = await Promise.all(
      sizes.map((length, index) =>
        codec.cut(patternBytes(length, index + 1), [{ start: 0, length, final: true }]),
      ),
    );
    for (const [index, { buffer, chunks }] of cuts.entries()) {
      const length = sizes[index] ?? 0;
      expect(buffer).toEqual(patternBytes(length, index + 1));
      expect(chunks[0]?.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(length);
    }
    await codec.close();
  });

  it('moves large buffers, and leaves short ones and views of others to the caller', async () => {
    const codec = createCodecPool({ size: 1 });
    await codec.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const whole = patternBytes(100_000);
    const view = patternBytes(100_000).subarray(10, 50_000);
    await codec.cut(whole, [{ start: 0, length: 100_000, final: true }]);
    await codec.cut(view, [{ start: 0, length: 49_990, final: true }]);
    expect(whole.length).toBe(0);
    expect(view.length).toBe(49_990);
    await codec.close();
  });

  it('moves views of messages with the whole of them where they are given away', async () => {
    const codec = createCodecPool({ size: 1 });
    await codec.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const messages = [patternBytes(70_000), patternBytes(70_000, 2)];
    const id = 'ab'.repeat(16);
    const request = {
      seal: { owner: id, holder: id, agreement: id, packId: id, shard: 0 },
      segments: 2,
      sealed: messages.map((message, index) => ({ index, bytes: message.subarray(100, 65_652) })),
    } as unknown as Parameters<typeof codec.openSegments>[0];
    expect((await codec.openSegments(request)).corrupt).toEqual([0, 1]);
    expect(messages.map(({ length }) => length)).toEqual([70_000, 70_000]);
    expect((await codec.openSegments({ ...request, buffersGiven: true })).corrupt).toEqual([0, 1]);
    expect(messages.map(({ length }) => length)).toEqual([0, 0]);
    await codec.close();
  });

  it('seals into the arrays that are given back, with the same bytes', async () => {
    const codec = createCodecPool({ size: 1 });
    await codec.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const encode = async (): Promise<EncodedPack> => {
      const [packId, salt] = [parsePackId('33'.repeat(16)), patternBytes(32, 3)];
      const bundles = [{ start: 0, length: 500_000 }];
      const buffer = patternBytes(500_000);
      const sealing = { packId, salt, buffer, firstIndex: 0, codec: 'none' as const, bundles };
      const { sealed: parts } = await codec.sealBundles(sealing);
      const lengths = parts.map(({ length }) => length);
      const seals = [0, 1, 2].map((shard) => ({
        owner: parseAccountId('00'.repeat(32)),
        holder: parseDeviceId('11'.repeat(20)),
        agreement: parseAgreementId('22'.repeat(16)),
        packId,
        shard,
      }));
      const code = parseCode('reed-solomon:2+1');
      return codec.encodePack({ packId, salt, kind: 'data', code, parts, lengths, seals });
    };
    const first = await encode();
    const kept = first.shards.map(({ sealed }) => sealed.slice());
    codec.giveBack(first.shards);
    const second = await encode();
    // Given away, to be sealed into.
    expect(first.shards.map(({ sealed }) => sealed.length)).toEqual([0, 0, 0]);
    expect(second.shards.map(({ sealed }) => sealed)).toEqual(kept);
    await codec.close();
  });

  it('fails the calls of a thread that dies, and works on with another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roost-test-'));
    const program = join(folder, 'thread.mjs');
    await writeFile(
      program,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ id, method }) => {
         if (method === 'openBundles') process.exit(1);
         parentPort.postMessage({ id, result: method });
       });`,
    );
    const codec = createCodecPool({ size: 1, thread: pathToFileURL(program) });
    const salt = new Uint8Array(32);
    const packId = 'ab'.repeat(16) as Parameters<typeof codec.openBundles>[0]['packId'];
    const deadly = codec.openBundles({ packId, salt, bundles: [] });
    await expectFault(deadly, 'internal');
    expect(await codec.cut(new Uint8Array(1), [])).toBe('cut');
    await codec.close();
    await rm(folder, { recursive: true });
  });

  it('rejects calls after it was closed', async () => {
    const codec = createCodecPool({ size: 1 });
    await codec.close();
    await expectFault(codec.cut(new Uint8Array(1), []), 'aborted');
  });
});
