import type { Bytes, Place } from '../bytes.ts';
import { newBytes } from '../bytes.ts';
import type { BufferPart, Cut } from '../chunk/cut.ts';
import { cutChunks } from '../chunk/cut.ts';
import type { Combine } from '../erasure/erasure.ts';
import { combine } from '../erasure/products.ts';
import type { Zstd } from '../zstd/engine.ts';
import { PLAIN_ZSTD } from '../zstd/engine.ts';

/** Bytes of a call's own until it gives them back. */
export interface Room {
  /** Whatever was here before. They stay in this thread: a kernel's memory cannot be transferred. */
  readonly bytes: Bytes;
  release(): void;
}

/**
 * The parts of the codec that have a fast twin. What a platform can do is found out where its workers start; whatever is chosen gives the
 * same bytes, but for what `zstd` compresses: any of them reads that.
 */
export interface CodecEngines {
  /** outputs[p][x] = sum over j of rows[p][j] * sources[j][x] in GF(2^8). All sources have the same length. */
  readonly combine: Combine;
  /** Cuts a part of a buffer into chunks (chunk/cut.ts). */
  readonly cut: (buffer: Uint8Array, part: BufferPart, gear: Uint32Array) => Cut[];
  /** Bytes that `combine` reads and writes where they are, as far as there is room; what lies elsewhere it may have to copy. */
  readonly takeRoom: (length: number) => Room;
  /** Bytes that leave the thread with a result, perhaps the beginning of a longer buffer; they may hold anything before. */
  readonly takeResult: Place;
  readonly zstd: Zstd;
}

/** Plain JavaScript: everywhere, and what the others are compared with. */
export const PLAIN_ENGINES: CodecEngines = {
  combine,
  cut: cutChunks,
  takeRoom: (length) => ({ bytes: new Uint8Array(length), release: () => undefined }),
  takeResult: newBytes,
  zstd: PLAIN_ZSTD,
};
