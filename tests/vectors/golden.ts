import { cutChunks } from '../../src/core/chunk/cut.ts';
import { gearTable } from '../../src/core/chunk/gear.ts';
import { createCodecOperations } from '../../src/core/codec/operations.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import { parseCode } from '../../src/core/erasure/codes.ts';
import { encodeBundle } from '../../src/core/snapshot/bundle.ts';
import { sealHead } from '../../src/core/snapshot/head.ts';
import { encodeIndexPart } from '../../src/core/snapshot/index-part.ts';
import { buildPack, packKey, sealBundle } from '../../src/core/snapshot/pack.ts';
import { encodeSnapshot } from '../../src/core/snapshot/snapshot.ts';
import { encodeTree } from '../../src/core/snapshot/tree.ts';
import { patternBytes } from '../contracts/expect-fault.ts';
import { INDEX_PART, SNAPSHOT, TREE, sampleDevice, sampleHead } from '../unit/core-format/samples.ts';
import { PACK_ID, SALT, WORDS, fixedKeys, sealFor, text, toHex } from '../unit/core-format/suites.ts';

/**
 * One of each thing that Roost writes, from fixed keys and content, in hex. What a version has written every later one must
 * read, so a difference to golden.json is a change of the format, never a detail. Compression is left out: other
 * compressors may make other bytes.
 */
export async function makeGolden(suite: CryptoSuite): Promise<Record<string, unknown>> {
  const keys = await fixedKeys(suite);
  const codec = createCodecOperations(suite);
  await codec.setKeys(keys);

  const file = patternBytes(3_000_000, 21);
  const cuts = cutChunks(file, { start: 0, length: file.length, final: true }, gearTable(keys.gear));
  const hello = text('hello');
  const named = await codec.cut(hello, [{ start: 0, length: hello.length, final: true }]);

  const key = await packKey(suite, keys.content, SALT);
  const framed = encodeBundle(hello, 'none');
  const bundle = await sealBundle(suite, key, PACK_ID, 0, framed);
  const contents = {
    packId: PACK_ID,
    salt: SALT,
    kind: 'data' as const,
    parts: [bundle],
    lengths: [bundle.length],
  };
  const pack = await buildPack(suite, key, { ...contents, m: 2 });
  const code = parseCode('reed-solomon:2+1');
  const seals = [0, 1, 2].map((shard) => sealFor(keys, shard));
  const encoded = await codec.encodePack({ ...contents, code, seals });

  const device = await sampleDevice(suite, keys);
  return {
    words: WORDS,
    account: keys.account,
    rendezvous: keys.rendezvous,
    check: keys.check,
    gear: toHex(keys.gear.subarray(0, 32)),
    cuts: cuts.map(({ length }) => length),
    chunkId: named.chunks[0]?.[0]?.id,
    bundle: toHex(framed),
    sealedBundle: toHex(bundle),
    pack: toHex(pack.bytes),
    shards: encoded.shards.map(({ sealed }) => toHex(sealed)),
    tree: toHex(encodeTree(TREE)),
    snapshot: toHex(encodeSnapshot(SNAPSHOT)),
    indexPart: toHex(encodeIndexPart(INDEX_PART)),
    certificate: toHex(device.certificate),
    head: toHex(await sealHead(suite, keys, device.signer, device.certificate, sampleHead(keys, device))),
  };
}
