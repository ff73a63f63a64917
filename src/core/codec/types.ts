import type { Bytes } from '../bytes.ts';
import type { AccountKeys } from '../crypto/account-keys.ts';
import type { Code } from '../erasure/codes.ts';
import type { ChunkId, PackId } from '../ids.ts';
import type { BundleCodec } from '../snapshot/bundle.ts';
import type { PackKind } from '../snapshot/pack.ts';
import type { Seal } from '../snapshot/shard.ts';

/**
 * The heavy work, off the page's thread: cutting, compressing, sealing, coding. Stateless calls, so that a pool of workers
 * (Comlink in the browser, worker_threads under Node.js, inline in the simulator) may run them in any order. All of them run
 * src/core/codec/operations.ts. Buffers passed in are transferred (neutered) and come back in the reply where noted.
 */
export interface Codec {
  /** Keys for all later calls. */
  setKeys(keys: AccountKeys): Promise<void>;
  /**
   * Cuts parts of a buffer into chunks and names them. A part with `final: false` may leave a rest uncut at its end
   * (less than CHUNK_MAX_BYTES) that the caller puts in front of the next window.
   */
  cut(
    buffer: Bytes,
    parts: readonly CutPart[],
  ): Promise<{ readonly buffer: Bytes; readonly chunks: readonly (readonly CutChunk[])[] }>;
  /**
   * Compresses and seals bundles of one pack (1st encryption); they may lie in one buffer. `buffer` is the request's, to be filled again.
   */
  sealBundles(request: SealBundles): Promise<SealedBundles>;
  /** Builds the pack from sealed bundles, codes it, and seals each shard for its holder (2nd encryption). */
  encodePack(request: EncodePack): Promise<EncodedPack>;
  /** Seals one shard for another holder, from any `m` plain shards. */
  remakeShard(request: RemakeShard): Promise<SealedShard>;
  /**
   * Opens sealed segments (2nd encryption) and gives the plain bytes of each. Segments that fail are told by index in
   * `corrupt`, and their place in `plain` is undefined.
   */
  openSegments(
    request: OpenSegments,
  ): Promise<{ readonly plain: readonly (Bytes | undefined)[]; readonly corrupt: readonly number[] }>;
  /**
   * Remakes the same byte range of missing data shards from the range of any `m` shards.
   * @returns one range for each of `wanted`
   */
  reconstruct(request: Reconstruct): Promise<readonly Bytes[]>;
  /**
   * Opens sealed bundles (1st encryption), decompresses, checks the chunk ids given.
   * @throws RoostError 'corrupt' naming the bundle
   */
  openBundles(request: OpenBundles): Promise<readonly Bytes[]>;
  close(): Promise<void>;
}

/**
 * What a codec in threads does beside. These take a while to start; and its arrays are dear: fresh ones cost the system as much as filling
 * them, and used ones wait long for the garbage collector.
 */
export interface CodecThreads {
  /** Something will be asked soon: a thread may be started now. */
  prepare(): void;
  /** Takes the arrays of shards that nobody uses any more, to seal others into. */
  giveBack(shards: readonly SealedShard[]): void;
}

export interface CutPart {
  readonly start: number;
  readonly length: number;
  readonly final: boolean;
}
export interface CutChunk {
  readonly offset: number; // in the buffer
  readonly length: number;
  readonly id: ChunkId;
}

export interface PackKey {
  readonly packId: PackId;
  /** 32 random bytes */
  readonly salt: Bytes;
}

export interface SealBundles extends PackKey {
  readonly buffer: Bytes;
  readonly firstIndex: number;
  readonly codec: BundleCodec;
  readonly bundles: readonly { readonly start: number; readonly length: number }[];
}

export interface SealedBundles {
  readonly sealed: readonly Bytes[];
  readonly buffer: Bytes;
}

export interface EncodePack extends PackKey {
  /** 'data' or 'meta' */
  readonly kind: PackKind;
  readonly code: Code;
  readonly parts: readonly Bytes[]; // sealed bundles, in order; their buffers are taken whole
  readonly lengths: readonly number[]; // of all bundles
  /** one per shard to be made; fewer than n when holders are missing */
  readonly seals: readonly Seal[];
}

export interface SealedShard {
  readonly seal: Seal;
  /** sealed segments one after another: each but the last SEALED_SEGMENT_BYTES */
  readonly sealed: Bytes;
  readonly segments: number;
  /** of `sealed` (snapshot/shard.ts) */
  readonly hash: Bytes;
}
export interface EncodedPack {
  /** plain bytes of each shard */
  readonly shardBytes: number;
  readonly shards: readonly SealedShard[];
}

export interface RemakeShard {
  readonly code: Code;
  readonly shardBytes: number;
  readonly present: readonly { readonly shard: number; readonly bytes: Bytes }[];
  readonly seal: Seal;
}

export interface OpenSegments {
  readonly seal: Seal;
  /** segments of the whole shard, bound in the AAD */
  readonly segments: number;
  readonly sealed: readonly { readonly index: number; readonly bytes: Bytes }[];
  /** The buffers that `sealed` lies in may be taken whole: nobody needs what else is in them. */
  readonly buffersGiven?: boolean;
}

export interface Reconstruct {
  readonly code: Code;
  readonly present: readonly { readonly shard: number; readonly bytes: Bytes }[];
  readonly wanted: readonly number[]; // data shards
}

export interface OpenBundles extends PackKey {
  readonly bundles: readonly {
    readonly index: number;
    readonly sealed: Bytes;
    /** chunks inside to check, by their place in the plain bundle */
    readonly chunks: readonly { readonly offset: number; readonly length: number; readonly id: ChunkId }[];
  }[];
}
