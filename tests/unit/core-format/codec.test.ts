import { describe, expect, it } from 'vitest';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { PACK_MAX_BUNDLES, TAG_BYTES } from '../../../src/core/limits.ts';
import { encodeBundle } from '../../../src/core/snapshot/bundle.ts';
import {
  PACK_HEADER_BYTES,
  buildPack,
  decodePackHeader,
  openBundle,
  openDirectory,
  packKey,
  sealBundle,
} from '../../../src/core/snapshot/pack.ts';
import { codecContract } from '../../contracts/codec.ts';
import { expectBytes, expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import { PACK_ID, SALT, SUITES, fixedKeys, noble, sealFor, toHex, webCrypto } from './suites.ts';

codecContract('The inline codec', async () => ({
  codec: createCodecOperations(webCrypto),
  suite: webCrypto,
}));

describe('the inline codec', () => {
  it('must be given keys first', async () => {
    const codec = createCodecOperations(webCrypto);
    await expectFault(codec.cut(new Uint8Array(1), []), 'usage');
    await expectFault(codec.openBundles({ packId: PACK_ID, salt: SALT, bundles: [] }), 'usage');
  });

  it('makes the same bytes by WebCrypto and by noble', async () => {
    const hashes = await Promise.all(
      [webCrypto, noble].map(async (suite) => {
        const codec = createCodecOperations(suite);
        const keys = await fixedKeys(suite);
        await codec.setKeys(keys);
        const request = { packId: PACK_ID, salt: SALT, codec: 'auto' as const, firstIndex: 0 };
        const bundles = [{ start: 10, length: 90_000 }];
        const { sealed } = await codec.sealBundles({
          ...request,
          buffer: patternBytes(100_000),
          bundles,
        });
        const code = parseCode('reed-solomon:2+1');
        const seals = [0, 1, 2].map((shard) => sealFor(keys, shard));
        const pack = {
          packId: PACK_ID,
          salt: SALT,
          kind: 'data' as const,
          code,
          parts: sealed,
          lengths: sealed.map(({ length }) => length),
          seals,
        };
        return (await codec.encodePack(pack)).shards.map(({ hash }) => toHex(hash));
      }),
    );
    expect(hashes[0]).toEqual(hashes[1]);
  });
});

describe.each(SUITES)('a pack by %s', (_name, suite) => {
  const plains = [patternBytes(1000, 1), new Uint8Array(5000), patternBytes(10, 2)];

  async function makePack(m = 3): Promise<{ bytes: Uint8Array<ArrayBuffer>; shardBytes: number }> {
    const { content } = await fixedKeys(suite);
    const key = await packKey(suite, content, SALT);
    const parts = await Promise.all(
      plains.map((plain, i) => sealBundle(suite, key, PACK_ID, i, encodeBundle(plain, 'auto'))),
    );
    const lengths = parts.map(({ length }) => length);
    return buildPack(suite, key, { packId: PACK_ID, salt: SALT, kind: 'meta', parts, lengths, m });
  }

  it('explains itself to whoever has its bytes and the content key', async () => {
    const { content } = await fixedKeys(suite);
    const { bytes } = await makePack();
    const { header, bundles } = await openDirectory(suite, content, bytes);
    expect(header).toMatchObject({ packId: PACK_ID, salt: SALT, kind: 'meta', bundles: 3 });
    expect(bundles[0]!.offset).toBe(PACK_HEADER_BYTES);
    const key = await packKey(suite, content, header.salt);
    for (const [i, { offset, length }] of bundles.entries()) {
      expectBytes(
        await openBundle(suite, key, header.packId, i, bytes.subarray(offset, offset + length)),
        plains[i]!,
      );
    }
  });

  it('is m equal shards, padded with zeros', async () => {
    for (const m of [1, 2, 7, 200]) {
      const { bytes, shardBytes } = await makePack(m);
      expect(bytes.length).toBe(m * shardBytes);
      expect(shardBytes % 64).toBe(0);
      const { directoryOffset, directoryBytes } = decodePackHeader(bytes);
      const used = directoryOffset + directoryBytes;
      expect(bytes.length - used).toBeLessThan(64 * m + shardBytes);
      expect(bytes.subarray(used).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('with any byte of header or directory changed is malformed or corrupt, never read wrong', async () => {
    const { content } = await fixedKeys(suite);
    const { bytes } = await makePack(1);
    const { directoryOffset, directoryBytes } = decodePackHeader(bytes);
    const places = [
      ...Array.from({ length: PACK_HEADER_BYTES }, (_, i) => i),
      ...Array.from({ length: directoryBytes }, (_, i) => directoryOffset + i),
    ];
    for (const at of places) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      await expectFault(openDirectory(suite, content, changed), 'malformed', 'corrupt');
    }
    for (let length = 0; length < directoryOffset + directoryBytes; length += 11) {
      await expectFault(openDirectory(suite, content, bytes.slice(0, length)), 'malformed', 'corrupt');
    }
  });

  it('takes no bundle beyond its bounds', async () => {
    const { content } = await fixedKeys(suite);
    const key = await packKey(suite, content, SALT);
    const framed = encodeBundle(plains[0]!, 'none');
    await expectFault(sealBundle(suite, key, PACK_ID, PACK_MAX_BUNDLES, framed), 'usage');
    await expectFault(packKey(suite, content, SALT.slice(1)), 'usage');
    const pack = { packId: PACK_ID, salt: SALT, kind: 'data' as const, m: 1 };
    const tiny = new Uint8Array(TAG_BYTES);
    await expectFault(buildPack(suite, key, { ...pack, parts: [tiny], lengths: [TAG_BYTES] }), 'usage');
    const huge = Array.from({ length: 13 }, () => new Uint8Array(900_000));
    await expectFault(
      buildPack(suite, key, { ...pack, parts: huge, lengths: huge.map((b) => b.length) }),
      'usage',
    );
    await expectFault(
      buildPack(suite, key, { ...pack, parts: [concatBytes(patternBytes(20))], lengths: [20], m: 256 }),
      'usage',
    );
  });
});
