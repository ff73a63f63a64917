import type { Bytes } from '../../core/bytes.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The bytes of one volume and how many of them would survive a crash. */
export class MemoryVolume {
  #buffer: Bytes = new Uint8Array(256);
  #length = 0;
  /** undefined until the first flush: then even the name may be lost */
  #durable: number | undefined;

  get length(): number {
    return this.#length;
  }

  append(data: Uint8Array): number {
    const offset = this.#length;
    const needed = offset + data.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, offset));
      this.#buffer = larger;
    }
    this.#buffer.set(data, offset);
    this.#length = needed;
    return offset;
  }

  read(offset: number, length: number): Bytes {
    return this.#buffer.slice(offset, offset + length);
  }

  flush(): void {
    this.#durable = this.#length;
  }

  truncate(bytes: number): void {
    this.#length = bytes;
    this.#durable = bytes;
  }

  flip(offset: number, mask: number): void {
    this.#buffer[offset] = (this.#buffer[offset] ?? 0) ^ mask;
  }

  /**
   * What a crash leaves: all that was flushed, then any part of the rest, whose end may be zeros instead of data.
   * @returns false when the volume is gone altogether
   */
  crash(random: SeededRandom): boolean {
    if (this.#durable === undefined && random.fraction() < 0.5) return false;
    const durable = this.#durable ?? 0;
    const kept = durable + random.below(this.#length - durable + 1);
    if (kept > durable && random.fraction() < 0.5) {
      this.#buffer.fill(0, durable + random.below(kept - durable), kept);
    }
    this.#length = kept;
    this.#durable = kept;
    return true;
  }
}
