import { CHUNK_AVERAGE_BYTES, CHUNK_MAX_BYTES, CHUNK_MIN_BYTES } from '../limits.ts';

/**
 * FastCDC with normalised chunking and the account's own gear table; src/core/FORMAT.md, section "Chunks".
 * The hash takes one byte a step, h = (h << 1) + gear[byte] mod 2^32, so it depends on the last 32 bytes only and its highest
 * bits on most of them: the masks lie there. Before the average size a cut needs two zero bits more than the 18 of 256 KiB,
 * after it two fewer, which draws the sizes together.
 */
export const MASK_BEFORE_AVERAGE = 0xffff_f000; // 20 bits
export const MASK_AFTER_AVERAGE = 0xffff_0000; // 16 bits

/** Length of the first chunk of `buffer[start … start + available)`, which must reach the end of the file or CHUNK_MAX_BYTES. */
export type CutLength = (buffer: Uint8Array, start: number, available: number, gear: Uint32Array) => number;

function plainCutLength(buffer: Uint8Array, start: number, available: number, gear: Uint32Array): number {
  if (available <= CHUNK_MIN_BYTES) return available;
  const end = start + Math.min(available, CHUNK_MAX_BYTES);
  const middle = Math.min(end, start + CHUNK_AVERAGE_BYTES);
  let hash = 0;
  let at = start + CHUNK_MIN_BYTES;
  for (; at < middle; at++) {
    hash = ((hash << 1) + gear[buffer[at]!]!) | 0;
    if ((hash & MASK_BEFORE_AVERAGE) === 0) return at + 1 - start;
  }
  for (; at < end; at++) {
    hash = ((hash << 1) + gear[buffer[at]!]!) | 0;
    if ((hash & MASK_AFTER_AVERAGE) === 0) return at + 1 - start;
  }
  return end - start;
}

export interface Cut {
  readonly offset: number; // in the buffer
  readonly length: number;
}

export interface BufferPart {
  readonly start: number;
  readonly length: number;
  /** whether the file ends where the part does */
  readonly final: boolean;
}

/**
 * Cuts a part of a buffer into chunks. The last rest of a part that is not `final` stays uncut as soon as it is shorter than
 * CHUNK_MAX_BYTES, because what follows may move its end; the caller puts it in front of the next window. So the cuts are the
 * same however a file is read.
 * @param cutLength a twin of the plain one here
 */
export function cutChunks(
  buffer: Uint8Array,
  part: BufferPart,
  gear: Uint32Array,
  cutLength: CutLength = plainCutLength,
): Cut[] {
  const cuts: Cut[] = [];
  const end = part.start + part.length;
  let offset = part.start;
  while (offset < end && (part.final || end - offset >= CHUNK_MAX_BYTES)) {
    const length = cutLength(buffer, offset, end - offset, gear);
    cuts.push({ offset, length });
    offset += length;
  }
  return cuts;
}
