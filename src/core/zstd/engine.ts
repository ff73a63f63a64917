import type { Bytes } from '../bytes.ts';
import { decodeFrame } from './decode.ts';

/** One way to make and read zstd frames. Frames of any are read by all, but their bytes differ. */
export interface Zstd {
  /** One frame that declares its length, good until the next call; undefined where frames can only be read. */
  readonly compress: ((plain: Uint8Array) => Uint8Array) | undefined;
  /**
   * @param frame that passed checkFrame with this `plainLength`
   * @throws any error when the frame is damaged
   */
  readonly decompress: (frame: Uint8Array, plainLength: number) => Bytes;
}

/** The level that all engines are given: docs/decisions/0025-zstd.md has the measurements. */
export const ZSTD_LEVEL = 3;

/** Plain JavaScript, which reads only. */
export const PLAIN_ZSTD: Zstd = { compress: undefined, decompress: decodeFrame };
