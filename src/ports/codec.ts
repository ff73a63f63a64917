/** The codec port lives in core, which also implements it; platforms wrap that in their worker pools. */
export type {
  Codec,
  CodecThreads,
  CutChunk,
  CutPart,
  EncodedPack,
  PackKey,
  SealedShard,
} from '../core/codec/types.ts';
export type { PackKind } from '../core/snapshot/pack.ts';
export type { Seal } from '../core/snapshot/shard.ts';
