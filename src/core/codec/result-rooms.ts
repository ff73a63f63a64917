import type { Bytes } from '../bytes.ts';
import { KIB } from '../limits.ts';

/** Arrays are made a little longer than asked for: results differ in length, and the next should find room, too. */
const STEP_BYTES = 256 * KIB;
/** Kept while no call takes them; a call brings what it needs. */
const SPARE_MAX = 16;

/** The arrays that results are written into: sealed bundles, sealed shards. They leave with the results, and come back with a later call. */
export class ResultRooms {
  #spare: ArrayBuffer[] = [];

  /** Takes the whole buffers that the arrays lie in; several may lie in one. Nobody may use them any more. */
  give(arrays: readonly Bytes[]): void {
    const buffers = new Set(arrays.map(({ buffer }) => buffer));
    this.#spare = [...this.#spare, ...buffers].slice(-SPARE_MAX);
  }

  /** An array with a buffer of its own, or the beginning of one. It holds whatever was there before. */
  take(length: number): Bytes {
    const fitting = this.#spare.filter(({ byteLength }) => byteLength >= length);
    const [best] = fitting.sort((a, b) => a.byteLength - b.byteLength);
    if (best !== undefined) this.#spare.splice(this.#spare.indexOf(best), 1);
    return new Uint8Array(best ?? new ArrayBuffer(Math.ceil(length / STEP_BYTES) * STEP_BYTES), 0, length);
  }
}
