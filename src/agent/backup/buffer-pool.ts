import type { Bytes } from '../../core/bytes.ts';

/**
 * Large buffers that are used again: a fresh one costs the system as much as filling it. Only those of the full length are kept, so that who
 * has little to do takes little.
 */
export class BufferPool {
  readonly #length: number;
  readonly #most: number;
  readonly #spare: Bytes[] = [];

  /** @param most buffers kept while nobody uses them */
  constructor(length: number, most: number) {
    this.#length = length;
    this.#most = most;
  }

  /** A buffer of at least `needed` bytes that hold whatever was there before. */
  take(needed: number): Bytes {
    const spare = needed <= this.#length ? this.#spare.pop() : undefined;
    if (spare !== undefined) return spare;
    // Half of it is soon followed by more.
    return new Uint8Array(needed < this.#length / 2 ? needed : Math.max(needed, this.#length));
  }

  give(buffer: Bytes): void {
    if (buffer.length === this.#length && this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
