import { corruptFrame } from './frame.ts';

/** Behind the bytes of a frame, so that four of them can be read at any of its bits. */
export const BITS_PADDING_BYTES = 4;

/**
 * Bits read from the end of a range to its start, as entropy-coded streams are written (RFC 8878, section 4.1): the highest bit that is set
 * in the last byte marks the end.
 */
export class BackwardBits {
  readonly #view: DataView;
  readonly #firstBit: number;
  /** bits not yet read */
  left: number;

  /** @param view with BITS_PADDING_BYTES behind the range. @throws RoostError 'corrupt' when the range has no end mark */
  constructor(view: DataView, start: number, end: number) {
    const lastByte = end > start ? view.getUint8(end - 1) : 0;
    if (lastByte === 0) throw corruptFrame(`must have an end mark before ${end}, got none`);
    this.#view = view;
    this.#firstBit = start * 8;
    this.left = (end - start) * 8 - 1 - Math.clz32(lastByte << 24);
  }

  /** @param count at most 25: as many bits lie in four bytes wherever they begin. @throws RoostError 'corrupt' when fewer are left */
  read(count: number): number {
    this.left -= count;
    if (this.left < 0) throw corruptFrame(`must have ${-this.left} more bits in a stream, got none`);
    const at = this.#firstBit + this.left;
    return (this.#view.getUint32(at >>> 3, true) >>> (at & 7)) & ((1 << count) - 1);
  }

  /** The next bits without taking them; zeros follow when fewer are left. */
  peek(count: number): number {
    const missing = count - this.left;
    if (missing > 0) {
      const first = this.#firstBit;
      const rest = (this.#view.getUint32(first >>> 3, true) >>> (first & 7)) & ((1 << this.left) - 1);
      return rest << missing;
    }
    const at = this.#firstBit + this.left - count;
    return (this.#view.getUint32(at >>> 3, true) >>> (at & 7)) & ((1 << count) - 1);
  }
}
