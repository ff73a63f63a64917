import type { Bytes } from '../src/core/bytes.ts';
import type { Codec, EncodePack, EncodedPack } from '../src/core/codec/types.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';

/** The codec's calls as they cross to a worker: each tells its outcome. */
export type CodecApi = Lifeline & {
  /** `spare` are arrays to seal shards into. */
  readonly encodePack: (request: EncodePack, spare: readonly Bytes[]) => Promise<Outcome<EncodedPack>>;
} & {
  readonly [Call in Exclude<keyof Codec, 'close' | 'encodePack'>]: (
    ...args: Parameters<Codec[Call]>
  ) => Promise<Outcome<Awaited<ReturnType<Codec[Call]>>>>;
};
