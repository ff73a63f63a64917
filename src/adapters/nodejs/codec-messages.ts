import type { Bytes } from '../../core/bytes.ts';
import type { Fault } from '../../core/errors.ts';
import type { Codec } from '../../ports/codec.ts';

/** Calls that a codec thread takes; it ends with its process or by terminate(). */
export type CodecMethod = Exclude<keyof Codec, 'close'>;

export interface CodecCall {
  readonly id: number;
  readonly method: CodecMethod;
  readonly values: readonly unknown[];
  /** arrays to seal shards into */
  readonly spare: readonly Bytes[];
}

export type CodecReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: Fault; readonly message: string };
