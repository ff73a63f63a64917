import type { ChunkId } from '../../core/ids.ts';
import { chunkIdFromBytes, idBytes } from '../../core/ids.ts';

const ID_BYTES = 32;
/** Ids of one block, a power of two: a list that grows is never copied. */
const BLOCK_IDS = 4096;

/** Chunk ids one after another as 32 bytes each, outside of the JavaScript heap: as text they take three times as much of it. */
export class ChunkIdList {
  readonly #blocks: Uint8Array[] = [];
  #length = 0;

  /** @returns the place of the first */
  push(ids: readonly ChunkId[]): number {
    const first = this.#length;
    for (const id of ids) {
      const at = this.#length % BLOCK_IDS;
      if (at === 0) this.#blocks.push(new Uint8Array(BLOCK_IDS * ID_BYTES));
      this.#blocks.at(-1)!.set(idBytes(id), at * ID_BYTES);
      this.#length++;
    }
    return first;
  }

  slice(first: number, count: number): ChunkId[] {
    return Array.from({ length: count }, (_, i) => {
      const at = ((first + i) % BLOCK_IDS) * ID_BYTES;
      return chunkIdFromBytes(this.#blocks[Math.floor((first + i) / BLOCK_IDS)]!.subarray(at, at + ID_BYTES));
    });
  }
}
