import type { Codec } from '../src/core/codec/types.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';

/** The codec's calls as they cross to a worker: each tells its outcome. */
export type CodecApi = Lifeline & {
  readonly [Call in Exclude<keyof Codec, 'close'>]: (
    ...args: Parameters<Codec[Call]>
  ) => Promise<Outcome<Awaited<ReturnType<Codec[Call]>>>>;
};
