import type { Bytes } from '../bytes.ts';
import { concatBytes } from '../bytes.ts';
import { gearTable } from '../chunk/gear.ts';
import { cutChunks } from '../chunk/cut.ts';
import type { AccountKeys } from '../crypto/account-keys.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import { reconstructShards } from '../erasure/erasure.ts';
import { validateCode } from '../erasure/codes.ts';
import { RoostError } from '../errors.ts';
import type { ChunkId } from '../ids.ts';
import { chunkIdFromBytes } from '../ids.ts';
import { encodeBundle } from '../snapshot/bundle.ts';
import { buildPack, openBundle, packKey, sealBundle } from '../snapshot/pack.ts';
import type { Seal } from '../snapshot/shard.ts';
import { openShardSegments, sealShard } from '../snapshot/shard.ts';
import type { Codec, CutChunk, CutPart, SealedShard } from './types.ts';

interface Loaded {
  readonly keys: AccountKeys;
  readonly gear: Uint32Array;
}

/** The codec, inline. The worker pools of the browser and of Node.js run this very object in each worker. */
export function createCodecOperations(suite: CryptoSuite): Codec {
  let loaded: Loaded | undefined;

  function ready(): Loaded {
    if (!loaded) throw new RoostError('usage', 'the codec must be given keys first');
    return loaded;
  }

  async function chunkId(keys: AccountKeys, bytes: Bytes): Promise<ChunkId> {
    return chunkIdFromBytes(await suite.hmac(keys.chunkId, bytes));
  }

  async function sealed(seal: Seal, plain: Bytes): Promise<SealedShard> {
    const result = await sealShard(suite, ready().keys.shard, seal, plain);
    return { seal, ...result, sha256: await suite.sha256(result.sealed) };
  }

  return {
    async setKeys(keys) {
      loaded = { keys, gear: gearTable(keys.gear) };
    },

    async cut(buffer, parts) {
      const { keys, gear } = ready();
      parts.forEach((part) => checkRange('part', part.start, part.length, buffer.length));
      const nameParts = parts.map((part) => named(buffer, part, gear, (bytes) => chunkId(keys, bytes)));
      return { buffer, chunks: await Promise.all(nameParts) };
    },

    async sealBundles({ packId, salt, buffer, firstIndex, codec, bundles }) {
      const key = await packKey(suite, ready().keys.content, salt);
      bundles.forEach((bundle) => checkRange('bundle', bundle.start, bundle.length, buffer.length));
      const parts = await Promise.all(
        bundles.map(({ start, length }, i) => {
          const framed = encodeBundle(buffer.subarray(start, start + length), codec);
          return sealBundle(suite, key, packId, firstIndex + i, framed);
        }),
      );
      return { sealed: concatBytes(...parts), lengths: parts.map((part) => part.length) };
    },

    async encodePack({ packId, salt, kind, code, parts, lengths, seals }) {
      const key = await packKey(suite, ready().keys.content, salt);
      const { m } = validateCode(code);
      const wrong = seals.find((seal) => seal.packId !== packId);
      if (wrong)
        throw new RoostError('usage', `"seals" must be for pack ${packId}, got one for ${wrong.packId}`);
      const { bytes, shardBytes } = await buildPack(suite, key, { packId, salt, kind, parts, lengths, m });
      const data = Array.from({ length: m }, (_, shard) => ({
        shard,
        bytes: bytes.subarray(shard * shardBytes, (shard + 1) * shardBytes),
      }));
      const plain = reconstructShards(
        code,
        data,
        seals.map(({ shard }) => shard),
      );
      // All at once: where ciphers run on threads of the platform, one shard is hashed while the next is sealed.
      const shards = await Promise.all(seals.map((seal, i) => sealed(seal, plain[i]!)));
      return { shardBytes, shards };
    },

    async remakeShard({ code, shardBytes, present, seal }) {
      const wrong = present.find(({ bytes }) => bytes.length !== shardBytes);
      if (wrong)
        throw new RoostError('usage', `shards must have ${shardBytes} bytes, got ${wrong.bytes.length}`);
      const [plain] = reconstructShards(code, present, [seal.shard]);
      return sealed(seal, plain!);
    },

    async openSegments({ seal, segments, sealed: given }) {
      const plain = await openShardSegments(suite, ready().keys.shard, seal, segments, given);
      const corrupt = given.filter((_, i) => plain[i] === undefined).map(({ index }) => index);
      return { plain, corrupt };
    },

    async reconstruct({ code, present, wanted }) {
      return reconstructShards(code, present, wanted);
    },

    async openBundles({ packId, salt, bundles }) {
      const { keys } = ready();
      const key = await packKey(suite, keys.content, salt);
      return Promise.all(
        bundles.map(async ({ index, sealed: bytes, chunks }) => {
          const plain = await openBundle(suite, key, packId, index, bytes);
          for (const { offset, length, id } of chunks) {
            const inside = offset >= 0 && length >= 0 && offset + length <= plain.length;
            if (!inside || (await chunkId(keys, plain.subarray(offset, offset + length))) !== id) {
              throw new RoostError(
                'corrupt',
                `bundle ${index} of pack ${packId}: chunk ${id} is not at ${offset}`,
              );
            }
          }
          return plain;
        }),
      );
    },

    async close() {
      loaded = undefined;
    },
  };
}

async function named(
  buffer: Bytes,
  part: CutPart,
  gear: Uint32Array,
  nameOf: (bytes: Bytes) => Promise<ChunkId>,
): Promise<CutChunk[]> {
  const cuts = cutChunks(buffer, part, gear);
  return Promise.all(
    cuts.map(async ({ offset, length }) => ({
      offset,
      length,
      id: await nameOf(buffer.subarray(offset, offset + length)),
    })),
  );
}

function checkRange(what: string, start: number, length: number, available: number): void {
  const whole = Number.isSafeInteger(start) && Number.isSafeInteger(length);
  if (!whole || start < 0 || length < 0 || start + length > available) {
    throw new RoostError('usage', `${what} must lie within ${available} bytes, got ${length} at ${start}`);
  }
}
