import type { Bytes } from '../../../src/core/bytes.ts';
import { chanceOf } from './chance-of.ts';
import type { Liar } from './liar-tap.ts';

/**
 * Keeps a share of the segments it promised to keep, the same ones always; shows changed bytes for the others, and never admits that it
 * has them no more.
 */
export function freeloader(kept: number): Liar {
  return {
    shown: ({ ask }, item) =>
      (ask.kind === 'audit-answer' || ask.kind === 'get') && !isKept(item, kept) ? changed(item) : item,
  };
}

/** Whether a segment is of the share that is kept. */
const isKept = (segment: Bytes, kept: number): boolean => chanceOf(segment) < kept;

/** The same bytes with one of them another. */
export function changed(item: Bytes): Bytes {
  const other = item.slice();
  other[0] = (other[0] ?? 0) ^ 1;
  return other;
}
