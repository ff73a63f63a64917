import type { Bytes } from '../bytes.ts';
import type { SealedShard } from './types.ts';

/** Arrays of shards kept for the next packs: those of two packs for six partners. */
const SPARE_MAX = 12;

/** Arrays that shards came in and nobody uses any more, until a call of `encodePack` takes them along to its thread. */
export class SpareShards {
  #spare: Bytes[] = [];

  give(shards: readonly SealedShard[]): void {
    // All of each buffer: a shard may be the beginning of one.
    const arrays = shards.map(({ sealed }) => new Uint8Array(sealed.buffer));
    this.#spare = [...this.#spare, ...arrays].slice(-SPARE_MAX);
  }

  take(count: number): Bytes[] {
    return this.#spare.splice(0, count);
  }

  clear(): void {
    this.#spare = [];
  }
}
