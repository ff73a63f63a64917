import type { Bytes } from '../../src/core/bytes.ts';
import type { Room } from '../../src/core/codec/engines.ts';
import { CODE_MAX_SHARDS, KIB, PACK_MAX_BYTES } from '../../src/core/limits.ts';
import { PAGE_BYTES } from './web-assembly.ts';

/** How the kernel's memory is laid out. All of it is there from the start: memory that never grows never detaches a view of it. */

/** Nibble tables of 32 bytes for each coefficient; m × k is at most 127 × 128. */
const TABLES_BYTES = 512 * KIB;
/** Windows of bytes that lie elsewhere: half of a common second-level cache, so that what is copied is still there when it is used. */
export const STAGE_BYTES = 512 * KIB;

/** A pack in whole vectors, or its parity shards where they are no more than the data shards. */
const SLOT_BYTES = PACK_MAX_BYTES + CODE_MAX_SHARDS * 64;
/** A worker has two calls at a time, each with a pack and its parity. */
const SLOTS = 4;

/** Address 0 is left unused, the first page is for what is small. */
export const SMALL = {
  /** 256 words */
  gear: 1 * KIB,
  /** one word */
  hash: 2 * KIB,
  /** two words for each shard */
  addresses: 4 * KIB,
} as const;
export const TABLES = PAGE_BYTES;
export const STAGE = TABLES + TABLES_BYTES;
const SLOTS_START = STAGE + STAGE_BYTES;

export const MEMORY_PAGES = Math.ceil((SLOTS_START + SLOTS * SLOT_BYTES) / PAGE_BYTES);

/** The slots: a fixed number of rooms in the kernel's memory. */
export class Rooms {
  readonly #buffer: ArrayBuffer;
  readonly #free = Array.from({ length: SLOTS }, (_, i) => SLOTS_START + i * SLOT_BYTES);

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
  }

  /** Where no slot is free or large enough, the room is an array like any other. */
  take(length: number): Room {
    const slot = length <= SLOT_BYTES ? this.#free.pop() : undefined;
    if (slot === undefined) return { bytes: new Uint8Array(length), release: () => undefined };
    let taken = true;
    const bytes: Bytes = new Uint8Array(this.#buffer, slot, length);
    return {
      bytes,
      release: () => {
        if (taken) this.#free.push(slot);
        taken = false;
      },
    };
  }
}
