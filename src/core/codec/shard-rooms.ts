import type { Bytes } from '../bytes.ts';
import { KIB } from '../limits.ts';

/** Arrays are made a little longer than asked for: packs differ in length, and the next shard should find room, too. */
const STEP_BYTES = 256 * KIB;
/** Kept while no shard is sealed; a call brings what it needs. */
const SPARE_MAX = 8;

/** The arrays that shards are sealed into. They leave with the shards, and come back with a later pack. */
export class ShardRooms {
  #spare: Bytes[] = [];

  give(arrays: readonly Bytes[]): void {
    this.#spare = [...this.#spare, ...arrays].slice(-SPARE_MAX);
  }

  /** An array with a buffer of its own, or the beginning of one. It holds whatever was there before. */
  take(length: number): Bytes {
    const at = this.#spare.findIndex(({ buffer }) => buffer.byteLength >= length);
    const [spare] = at < 0 ? [] : this.#spare.splice(at, 1);
    const buffer = spare?.buffer ?? new ArrayBuffer(Math.ceil(length / STEP_BYTES) * STEP_BYTES);
    return new Uint8Array(buffer, 0, length);
  }
}
