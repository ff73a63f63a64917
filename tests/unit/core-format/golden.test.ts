import { describe, expect, it } from 'vitest';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { openHead } from '../../../src/core/snapshot/head.ts';
import { decodeIndexPart } from '../../../src/core/snapshot/index-part.ts';
import { openDirectory } from '../../../src/core/snapshot/pack.ts';
import { decodeSnapshot } from '../../../src/core/snapshot/snapshot.ts';
import { decodeTree } from '../../../src/core/snapshot/tree.ts';
import { decodeBundle } from '../../../src/core/snapshot/bundle.ts';
import golden from '../../vectors/golden.json' with { type: 'json' };
import { makeGolden } from '../../vectors/golden.ts';
import { INDEX_PART, SNAPSHOT, TREE, sampleDevice, sampleHead } from './samples.ts';
import { PACK_ID, SALT, SUITES, fixedKeys, fromHex, sealFor, text, toHex, webCrypto } from './suites.ts';

describe('what Roost has ever written', () => {
  it.each(SUITES)('is written again to the byte by %s', async (_name, suite) => {
    expect(await makeGolden(suite)).toEqual(golden);
  });

  it('is read', async () => {
    const keys = await fixedKeys(webCrypto);
    const device = await sampleDevice(webCrypto, keys);
    expect(decodeTree(fromHex(golden.tree))).toEqual(TREE);
    expect(decodeSnapshot(fromHex(golden.snapshot))).toEqual(SNAPSHOT);
    expect(decodeIndexPart(fromHex(golden.indexPart))).toEqual(INDEX_PART);
    expect(await openHead(webCrypto, keys, fromHex(golden.head))).toEqual(sampleHead(keys, device));
    expect(toHex(device.certificate)).toBe(golden.certificate);
  });

  it('comes back from the words and any two of three sealed shards', async () => {
    const keys = await fixedKeys(webCrypto);
    const codec = createCodecOperations(webCrypto);
    await codec.setKeys(keys);
    const present = await Promise.all(
      [2, 1].map(async (shard) => {
        const sealed = [{ index: 0, bytes: fromHex(golden.shards[shard]!) }];
        const { plain } = await codec.openSegments({ seal: sealFor(keys, shard), segments: 1, sealed });
        return { shard, bytes: plain[0]! };
      }),
    );
    const code = parseCode('reed-solomon:2+1');
    const data = await codec.reconstruct({ code, present, wanted: [0, 1] });
    expect(data.map(toHex).join('')).toBe(golden.pack);
    const pack = fromHex(golden.pack);
    const { bundles } = await openDirectory(webCrypto, keys.content, pack);
    const { offset, length } = bundles[0]!;
    const chunks = [
      {
        offset: 0,
        length: 5,
        id: (await codec.cut(text('hello'), [{ start: 0, length: 5, final: true }])).chunks[0]![0]!.id,
      },
    ];
    expect(chunks[0]!.id).toBe(golden.chunkId);
    const sealed = pack.slice(offset, offset + length);
    const [plain] = await codec.openBundles({
      packId: PACK_ID,
      salt: SALT,
      bundles: [{ index: 0, sealed, chunks }],
    });
    expect(new TextDecoder().decode(plain)).toBe('hello');
  });

  it('includes deflated bundles of any compressor', () => {
    // "hello hello hello hello" as zlib makes it at level 9
    expect(new TextDecoder().decode(decodeBundle(fromHex('0100000017cb48cdc9c957c8402701')))).toBe(
      'hello hello hello hello',
    );
  });
});
