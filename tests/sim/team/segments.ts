import type { Bytes } from '../../../src/core/bytes.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';

/** The sealed segments of a piece. */
export function segmentsOf(piece: Bytes): readonly Bytes[] {
  const count = Math.ceil(piece.length / SEALED_SEGMENT_BYTES);
  return Array.from({ length: count }, (_, i) =>
    piece.subarray(i * SEALED_SEGMENT_BYTES, (i + 1) * SEALED_SEGMENT_BYTES),
  );
}
