import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import type { AccountKeys } from '../../src/core/crypto/account-keys.ts';
import { importAccountKeys, phraseFromEntropy, secretsFromPhrase } from '../../src/core/crypto/phrase.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import type { Code } from '../../src/core/erasure/codes.ts';
import { parseCode, totalShards } from '../../src/core/erasure/codes.ts';
import { parseAgreementId, parseDeviceId, parsePackId } from '../../src/core/ids.ts';
import { CHUNK_MAX_BYTES, SEALED_SEGMENT_BYTES, SEGMENT_BYTES } from '../../src/core/limits.ts';
import { PACK_HEADER_BYTES } from '../../src/core/snapshot/pack.ts';
import { shardHash } from '../../src/core/snapshot/shard.ts';
import type { Codec, CutChunk, EncodedPack, Seal, SealedShard } from '../../src/ports/codec.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

export interface CodecHarness {
  readonly codec: Codec;
  /** The suite that the codec's workers use: makes the keys it takes. */
  readonly suite: CryptoSuite;
  cleanUp?(): Promise<void>;
}

const PACK_ID = parsePackId('0102030405060708090a0b0c0d0e0f10');
const SALT = patternBytes(32, 77);
/** Two bundles of noise (900,000 bytes together) and one that shrinks. */
const NOISE = patternBytes(500_000, 5);
const MORE = patternBytes(400_000, 6);
const TEXT = new Uint8Array(300_000).fill(0x61);

/** What every codec must keep, inline or in a pool of workers. `make` gives one without keys. */
export function codecContract(name: string, make: () => Promise<CodecHarness>): void {
  describe(`${name} keeps the codec contract`, () => {
    let harness: CodecHarness;
    let codec: Codec;
    let keys: AccountKeys;

    beforeEach(async () => {
      harness = await make();
      codec = harness.codec;
      keys = await importAccountKeys(harness.suite, secretsFromPhrase(phraseFromEntropy(new Uint8Array(16))));
      await codec.setKeys(keys);
    });
    afterEach(async () => {
      await codec.close();
      await harness.cleanUp?.();
    });

    const sealFor = (shard: number, holder = 0x11): Seal => ({
      owner: keys.account,
      holder: parseDeviceId(holder.toString(16).padStart(2, '0').repeat(20)),
      agreement: parseAgreementId('22'.repeat(16)),
      packId: PACK_ID,
      shard,
    });

    async function makePack(
      code: Code,
      seals = Array.from({ length: totalShards(code) }, (_, i) => sealFor(i, i)),
    ): Promise<{
      encoded: EncodedPack;
      lengths: readonly number[];
      sealed: Bytes;
    }> {
      const buffer = concatBytes(NOISE, MORE, TEXT);
      const bundles = [
        { start: 0, length: NOISE.length },
        { start: NOISE.length, length: MORE.length },
        { start: NOISE.length + MORE.length, length: TEXT.length },
      ];
      const request = { packId: PACK_ID, salt: SALT, codec: 'auto' as const };
      const first = await codec.sealBundles({
        ...request,
        buffer: buffer.slice(),
        firstIndex: 0,
        bundles: bundles.slice(0, 2),
      });
      const last = await codec.sealBundles({
        ...request,
        buffer: buffer.slice(),
        firstIndex: 2,
        bundles: bundles.slice(2),
      });
      const bundlesSealed = [...first.sealed, ...last.sealed];
      const lengths = bundlesSealed.map(({ length }) => length);
      const sealed = concatBytes(...bundlesSealed);
      const parts = bundlesSealed.map((one) => one.slice());
      const encoded = await codec.encodePack({
        packId: PACK_ID,
        salt: SALT,
        kind: 'data',
        code,
        parts,
        lengths,
        seals,
      });
      return { encoded, lengths, sealed };
    }

    const split = (shard: SealedShard): { index: number; bytes: Bytes }[] =>
      Array.from({ length: shard.segments }, (_, index) => ({
        index,
        bytes: shard.sealed.slice(index * SEALED_SEGMENT_BYTES, (index + 1) * SEALED_SEGMENT_BYTES),
      }));

    async function plainShard(shard: SealedShard): Promise<Bytes> {
      const { plain, corrupt } = await codec.openSegments({
        seal: shard.seal,
        segments: shard.segments,
        sealed: split(shard),
      });
      expect(corrupt).toEqual([]);
      return concatBytes(...plain.map((bytes) => bytes ?? new Uint8Array(0)));
    }

    it('cuts every part, names equal chunks alike and gives the buffer back', async () => {
      const file = patternBytes(1_500_000, 3);
      const buffer = concatBytes(file, new Uint8Array([1, 2, 3]), file);
      const parts = [
        { start: 0, length: file.length, final: true },
        { start: file.length, length: 3, final: true },
        { start: file.length + 3, length: file.length, final: true },
        { start: 0, length: 0, final: true },
      ];
      const { buffer: back, chunks } = await codec.cut(buffer.slice(), parts);
      expectBytes(back, buffer);
      expect(chunks).toHaveLength(4);
      const [first, small, second, none] = chunks as [CutChunk[], CutChunk[], CutChunk[], CutChunk[]];
      expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
      expect(second.map(({ offset }) => offset - file.length - 3)).toEqual(first.map(({ offset }) => offset));
      expect(first.reduce((sum, { length }) => sum + length, 0)).toBe(file.length);
      expect(small).toMatchObject([{ offset: file.length, length: 3 }]);
      expect(none).toEqual([]);
      expect(new Set([...first, ...small].map(({ id }) => id)).size).toBe(first.length + 1);
    });

    it('leaves the rest of an unfinished part uncut', async () => {
      const file = patternBytes(2_000_000, 3);
      const { chunks } = await codec.cut(file, [{ start: 0, length: file.length, final: false }]);
      const cut = chunks[0]!.reduce((sum, { length }) => sum + length, 0);
      expect(file.length - cut).toBeLessThan(CHUNK_MAX_BYTES);
      expect(cut).toBeGreaterThan(0);
    });

    it('refuses parts outside of the buffer', async () => {
      await expectFault(codec.cut(new Uint8Array(10), [{ start: 5, length: 6, final: true }]), 'usage');
      await expectFault(codec.cut(new Uint8Array(10), [{ start: -1, length: 3, final: true }]), 'usage');
    });

    it.each(['reed-solomon:3+2', 'parity:2+1', 'mirror:2', 'stripe:2'])(
      '%s: gives every byte back after k shards are lost',
      async (text) => {
        const code = parseCode(text);
        const { encoded, lengths, sealed } = await makePack(code);
        expect(encoded.shards.map(({ seal }) => seal)).toEqual(
          Array.from({ length: totalShards(code) }, (_, i) => sealFor(i, i)),
        );
        for (const shard of encoded.shards) {
          expect(shard.segments).toBe(Math.ceil(encoded.shardBytes / SEGMENT_BYTES));
          expect(shard.sealed.length).toBe(encoded.shardBytes + 16 * shard.segments);
          expect(await shardHash(harness.suite, shard.sealed)).toEqual(shard.hash);
        }
        // the first k shards are gone
        const left = encoded.shards.slice(code.k);
        const present = await Promise.all(
          left.map(async (shard) => ({ shard: shard.seal.shard, bytes: await plainShard(shard) })),
        );
        const wanted = Array.from({ length: code.m }, (_, i) => i);
        const pack = concatBytes(...(await codec.reconstruct({ code, present, wanted })));

        let at = PACK_HEADER_BYTES;
        expectBytes(pack.subarray(at, at + sealed.length), sealed);
        const bundles = lengths.map((length, index) => {
          const bundle = { index, sealed: pack.slice(at, at + length), chunks: [] };
          at += length;
          return bundle;
        });
        const plain = await codec.openBundles({ packId: PACK_ID, salt: SALT, bundles });
        expectBytes(plain[0], NOISE);
        expectBytes(plain[1], MORE);
        expectBytes(plain[2], TEXT);
      },
    );

    it('remakes a byte range of a lost shard from the ranges of others', async () => {
      const code = parseCode('reed-solomon:3+2');
      const { encoded } = await makePack(code);
      const plain = await Promise.all(encoded.shards.map(plainShard));
      const present = [1, 3, 4].map((shard) => ({
        shard,
        bytes: plain[shard]!.slice(SEGMENT_BYTES, 2 * SEGMENT_BYTES),
      }));
      const [first, third] = await codec.reconstruct({ code, present, wanted: [0, 2] });
      expectBytes(first, plain[0]!.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES));
      expectBytes(third, plain[2]!.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES));
    });

    it('makes only the shards that are asked for, and the very same ones', async () => {
      const code = parseCode('reed-solomon:3+2');
      const all = await makePack(code);
      const some = await makePack(code, [sealFor(4, 4), sealFor(1, 1)]);
      expect(some.encoded.shards).toHaveLength(2);
      expectBytes(some.encoded.shards[0]!.sealed, all.encoded.shards[4]!.sealed);
      expectBytes(some.encoded.shards[1]!.sealed, all.encoded.shards[1]!.sealed);
    });

    it('seals a shard for another holder from any m plain shards', async () => {
      const code = parseCode('reed-solomon:3+2');
      const { encoded } = await makePack(code);
      const plain = await Promise.all(encoded.shards.map(plainShard));
      for (const lost of [0, 4]) {
        const present = [1, 2, 3].map((shard) => ({ shard, bytes: plain[shard]!.slice() }));
        const { shardBytes } = encoded;
        const remade = await codec.remakeShard({ code, shardBytes, present, seal: sealFor(lost, 0x99) });
        expect(remade.seal).toEqual(sealFor(lost, 0x99));
        expectBytes(await plainShard(remade), plain[lost]!);
        expect(remade.sealed.subarray(0, 64)).not.toEqual(encoded.shards[lost]!.sealed.subarray(0, 64));
      }
      const short = [1, 2].map((shard) => ({ shard, bytes: plain[shard]!.slice() }));
      await expectFault(
        codec.remakeShard({ code, shardBytes: encoded.shardBytes, present: short, seal: sealFor(0) }),
        'too-few',
      );
    });

    it('opens no segment that was changed, moved, or sealed for another holder, shard, count, agreement or owner', async () => {
      const { encoded } = await makePack(parseCode('stripe:2'));
      const shard = encoded.shards[0]!;
      const sealed = split(shard);
      const open = async (
        seal: Seal,
        segments: number,
        given: { index: number; bytes: Bytes }[],
      ): Promise<readonly number[]> => {
        const { plain, corrupt } = await codec.openSegments({ seal, segments, sealed: given });
        given.forEach(({ index }, i) => expect(plain[i] === undefined).toBe(corrupt.includes(index)));
        return corrupt;
      };
      const copy = (): { index: number; bytes: Bytes }[] =>
        sealed.slice(0, 3).map(({ index, bytes }) => ({ index, bytes: bytes.slice() }));

      expect(await open(shard.seal, shard.segments, copy())).toEqual([]);
      const changed = copy();
      changed[1]!.bytes[40_000]! ^= 1;
      expect(await open(shard.seal, shard.segments, changed)).toEqual([1]);
      const cut = copy();
      cut[0]!.bytes = cut[0]!.bytes.slice(0, -1);
      cut[2]!.bytes = new Uint8Array(0);
      expect(await open(shard.seal, shard.segments, cut)).toEqual([0, 2]);
      const swapped = copy();
      [swapped[0]!.bytes, swapped[1]!.bytes] = [swapped[1]!.bytes, swapped[0]!.bytes];
      expect(await open(shard.seal, shard.segments, swapped)).toEqual([0, 1]);
      const beyond = [{ index: shard.segments, bytes: copy()[0]!.bytes }];
      expect(await open(shard.seal, shard.segments, beyond)).toEqual([shard.segments]);
      expect(await open(shard.seal, shard.segments + 1, copy())).toEqual([0, 1, 2]);
      const others: Partial<Seal>[] = [
        { holder: sealFor(0, 0x12).holder },
        { shard: 1 },
        { agreement: parseAgreementId('33'.repeat(16)) },
        { packId: parsePackId('44'.repeat(16)) },
      ];
      for (const other of others)
        expect(await open({ ...shard.seal, ...other }, shard.segments, copy())).toEqual([0, 1, 2]);
    });

    it('opens bundles only whole, in their place and with the chunks they should hold', async () => {
      const { sealed, lengths } = await makePack(parseCode('stripe:2'));
      const { chunks } = await codec.cut(concatBytes(NOISE), [{ start: 0, length: 1000, final: true }]);
      const id = chunks[0]![0]!.id;
      const bundle = (): Bytes => sealed.slice(0, lengths[0]);
      const open = (
        index: number,
        bytes: Bytes,
        offset: number,
        packId = PACK_ID,
        salt = SALT,
      ): Promise<unknown> =>
        codec.openBundles({
          packId,
          salt,
          bundles: [{ index, sealed: bytes, chunks: [{ offset, length: 1000, id }] }],
        });

      await open(0, bundle(), 0);
      const changed = bundle();
      changed[300_000]! ^= 1;
      await expectFault(open(0, changed, 0), 'corrupt');
      await expectFault(open(0, bundle().slice(0, -1), 0), 'corrupt');
      await expectFault(open(1, bundle(), 0), 'corrupt');
      await expectFault(open(0, bundle(), 1), 'corrupt');
      await expectFault(open(0, bundle(), NOISE.length - 999), 'corrupt');
      await expectFault(open(0, bundle(), 0, parsePackId('55'.repeat(16))), 'corrupt');
      await expectFault(open(0, bundle(), 0, PACK_ID, patternBytes(32, 78)), 'corrupt');
      const error = await expectFault(open(2, bundle(), 0), 'corrupt');
      expect(error.message).toContain('bundle 2');
    });

    it('refuses lengths that do not fit the parts, and seals of another pack', async () => {
      const code = parseCode('stripe:1');
      const request = { packId: PACK_ID, salt: SALT, kind: 'meta' as const, code, seals: [sealFor(0)] };
      await expectFault(codec.encodePack({ ...request, parts: [patternBytes(100)], lengths: [99] }), 'usage');
      await expectFault(codec.encodePack({ ...request, parts: [], lengths: [] }), 'usage');
      const seals = [{ ...sealFor(0), packId: parsePackId('66'.repeat(16)) }];
      await expectFault(
        codec.encodePack({ ...request, seals, parts: [patternBytes(100)], lengths: [100] }),
        'usage',
      );
    });

    it('answers many calls at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          codec.cut(patternBytes(100_000, i + 1), [{ start: 0, length: 100_000, final: true }]),
        ),
      );
      expect(new Set(results.map(({ chunks }) => chunks[0]![0]!.id)).size).toBe(12);
    });
  });
}
