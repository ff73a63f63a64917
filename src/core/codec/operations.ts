import type { Bytes, Place } from '../bytes.ts';
import type { Cut } from '../chunk/cut.ts';
import { gearTable } from '../chunk/gear.ts';
import type { AccountKeys } from '../crypto/account-keys.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import type { Combine } from '../erasure/erasure.ts';
import { reconstructShards } from '../erasure/erasure.ts';
import { validateCode } from '../erasure/codes.ts';
import { RoostError } from '../errors.ts';
import type { ChunkId } from '../ids.ts';
import { chunkIdFromBytes } from '../ids.ts';
import { TAG_BYTES } from '../limits.ts';
import { BUNDLE_HEADER_BYTES, encodeBundle } from '../snapshot/bundle.ts';
import { buildPack, openBundle, packKey, sealBundle } from '../snapshot/pack.ts';
import type { Seal } from '../snapshot/shard.ts';
import { openShardSegments, sealShard, shardHash } from '../snapshot/shard.ts';
import type { CodecEngines, Room } from './engines.ts';
import { PLAIN_ENGINES } from './engines.ts';
import type { Codec, CutChunk, SealedShard } from './types.ts';

interface Loaded {
  readonly keys: AccountKeys;
  readonly gear: Uint32Array;
}

/** The codec, inline. The worker pools of the browser and of Node.js run this very object in each worker. */
export function createCodecOperations(suite: CryptoSuite, engines: CodecEngines = PLAIN_ENGINES): Codec {
  let loaded: Loaded | undefined;

  function ready(): Loaded {
    if (!loaded) throw new RoostError('usage', 'the codec must be given keys first');
    return loaded;
  }

  async function chunkId(keys: AccountKeys, bytes: Bytes): Promise<ChunkId> {
    return chunkIdFromBytes(await suite.hmac(keys.chunkId, bytes));
  }

  async function sealed(seal: Seal, plain: Bytes): Promise<SealedShard> {
    const result = await sealShard(suite, ready().keys.shard, seal, plain, engines.takeResult);
    return { seal, ...result, hash: await shardHash(suite, result.sealed) };
  }

  return {
    async setKeys(keys) {
      loaded = { keys, gear: gearTable(keys.gear) };
    },

    async cut(buffer, parts) {
      const { keys, gear } = ready();
      parts.forEach((part) => checkRange('part', part.start, part.length, buffer.length));
      const nameParts = parts.map((part) =>
        named(buffer, engines.cut(buffer, part, gear), (bytes) => chunkId(keys, bytes)),
      );
      return { buffer, chunks: await Promise.all(nameParts) };
    },

    async sealBundles({ packId, salt, buffer, firstIndex, codec, bundles }) {
      const key = await packKey(suite, ready().keys.content, salt);
      bundles.forEach((bundle) => checkRange('bundle', bundle.start, bundle.length, buffer.length));
      return inRooms(engines, async (take) => {
        const room = take(bundles.reduce((sum, { length }) => sum + BUNDLE_HEADER_BYTES + length, 0));
        let at = 0;
        const place = (length: number): Bytes => room.subarray(at, (at += length));
        const framed = bundles.map(({ start, length }) =>
          encodeBundle(buffer.subarray(start, start + length), codec, engines.zstd, place),
        );
        const sealed = partsOf(
          engines.takeResult,
          framed.map(({ length }) => length + TAG_BYTES),
        );
        await Promise.all(
          framed.map((bundle, i) => sealBundle(suite, key, packId, firstIndex + i, bundle, sealed[i])),
        );
        return { sealed, buffer };
      });
    },

    async encodePack({ packId, salt, kind, code, parts, lengths, seals }) {
      const key = await packKey(suite, ready().keys.content, salt);
      const { m } = validateCode(code);
      const wrong = seals.find((seal) => seal.packId !== packId);
      if (wrong)
        throw new RoostError('usage', `"seals" must be for pack ${packId}, got one for ${wrong.packId}`);
      return inRooms(engines, async (take, combineInRoom) => {
        const pack = { packId, salt, kind, parts, lengths, m };
        const { bytes, shardBytes } = await buildPack(suite, key, pack, take);
        const data = slices(bytes, m).map((shard, i) => ({ shard: i, bytes: shard }));
        const wanted = seals.map(({ shard }) => shard);
        const plain = reconstructShards(code, data, wanted, combineInRoom);
        // All at once: where ciphers run on threads of the platform, one shard is hashed while the next is sealed.
        const shards = await Promise.all(seals.map((seal, i) => sealed(seal, plain[i]!)));
        return { shardBytes, shards };
      });
    },

    async remakeShard({ code, shardBytes, present, seal }) {
      const wrong = present.find(({ bytes }) => bytes.length !== shardBytes);
      if (wrong)
        throw new RoostError('usage', `shards must have ${shardBytes} bytes, got ${wrong.bytes.length}`);
      return inRooms(engines, async (_take, combineInRoom) => {
        const [plain] = reconstructShards(code, present, [seal.shard], combineInRoom);
        return sealed(seal, plain!);
      });
    },

    async openSegments({ seal, segments, sealed: given }) {
      const plain = await openShardSegments(suite, ready().keys.shard, seal, segments, given);
      const corrupt = given.filter((_, i) => plain[i] === undefined).map(({ index }) => index);
      return { plain, corrupt };
    },

    async reconstruct({ code, present, wanted }) {
      return reconstructShards(code, present, wanted, engines.combine);
    },

    async openBundles({ packId, salt, bundles }) {
      const { keys } = ready();
      const key = await packKey(suite, keys.content, salt);
      return Promise.all(
        bundles.map(async ({ index, sealed: bytes, chunks }) => {
          const plain = await openBundle(suite, key, packId, index, bytes, engines.zstd);
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

/**
 * Runs work whose large arrays live in rooms, which are given back when it ends: none of them may be part of what it returns.
 * @param work takes rooms, and combines into rooms
 */
async function inRooms<T>(
  { combine, takeRoom }: CodecEngines,
  work: (take: (length: number) => Bytes, combineInRoom: Combine) => Promise<T>,
): Promise<T> {
  const rooms: Room[] = [];
  const take = (length: number): Bytes => {
    const room = takeRoom(length);
    rooms.push(room);
    return room.bytes;
  };
  const combineInRoom: Combine = (rows, sources) =>
    combine(rows, sources, slices(take(rows.length * (sources[0]?.length ?? 0)), rows.length));
  try {
    return await work(take, combineInRoom);
  } finally {
    rooms.forEach((room) => room.release());
  }
}

/** Views of one array, one after another, of the lengths given. */
function partsOf(take: Place, lengths: readonly number[]): Bytes[] {
  const all = take(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  return lengths.map((length) => all.subarray(at, (at += length)));
}

/** Views of `count` equal parts. */
function slices(bytes: Bytes, count: number): Bytes[] {
  const length = bytes.length / count;
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

async function named(
  buffer: Bytes,
  cuts: readonly Cut[],
  nameOf: (bytes: Bytes) => Promise<ChunkId>,
): Promise<CutChunk[]> {
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
