import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { readHexWords } from '../../core/hex.ts';
import type { ChunkId, PackId } from '../../core/ids.ts';
import { CHUNK_ROW_BYTES, checkChunks } from './chunk-rows.ts';
import type { ChunkPlace } from './records.ts';

const ID_WORDS = 8;
/** pack number, bundle, offset, length */
const PLACE_WORDS = 4;
const FIRST_SLOTS = 1024;
const GROWTH = 1.5;
/** Slots taken, by chunks and by those that were there, before the table is laid out anew: two probes on the mean. */
const FULLEST = 0.75;

/** Pack numbers begin behind these two. */
const FREE = 0;
const DROPPED = 1;
const FIRST_PACK = 2;

/**
 * Which chunks are stored, and where: a hash table with linear probing in two typed arrays, outside of the JavaScript heap.
 * 48 bytes a slot, 64 to 96 a chunk. Chunk ids are MACs, so their first word spreads evenly and needs no hash.
 */
export class ChunkIndex {
  #slots = FIRST_SLOTS;
  #ids = new Uint32Array(FIRST_SLOTS * ID_WORDS);
  #places = new Uint32Array(FIRST_SLOTS * PLACE_WORDS);
  #size = 0;
  /** slots that are not free: chunks and dropped ones */
  #taken = 0;
  readonly #packs: (PackId | undefined)[] = [undefined, undefined];
  readonly #numbers = new Map<PackId, number>();
  /** the id asked for, as words */
  readonly #wanted = new Uint32Array(ID_WORDS);

  /** chunks in the index */
  get size(): number {
    return this.#size;
  }

  /** bytes of both arrays */
  get bytes(): number {
    return this.#ids.byteLength + this.#places.byteLength;
  }

  get(id: ChunkId): ChunkPlace | undefined {
    readHexWords(id, 0, this.#wanted);
    const slot = this.#find();
    if (slot < 0) return undefined;
    const at = slot * PLACE_WORDS;
    const packId = this.#packs[this.#places[at]!];
    if (packId === undefined)
      throw new RoostError('internal', 'a chunk lies in a pack that the index forgot');
    return {
      packId,
      bundle: this.#places[at + 1]!,
      offset: this.#places[at + 2]!,
      length: this.#places[at + 3]!,
    };
  }

  has(id: ChunkId): boolean {
    readHexWords(id, 0, this.#wanted);
    return this.#find() >= 0;
  }

  /** Puts a chunk in its place, instead of the one that it had. */
  set(id: ChunkId, { packId, bundle, offset, length }: ChunkPlace): void {
    readHexWords(id, 0, this.#wanted);
    this.#put(this.#numberOf(packId), bundle, offset, length);
  }

  /** Puts all chunks of a pack in their places. @param row as in the database (chunk-rows.ts) */
  load(packId: PackId, row: Bytes): void {
    checkChunks(row);
    const number = this.#numberOf(packId);
    const view = new DataView(row.buffer, row.byteOffset, row.length);
    for (let at = 0; at < row.length; at += CHUNK_ROW_BYTES) {
      for (let word = 0; word < ID_WORDS; word++) this.#wanted[word] = view.getUint32(at + 4 * word);
      this.#put(number, view.getUint32(at + 32), view.getUint32(at + 36), view.getUint32(at + 40));
    }
  }

  /** Of the chunk whose words are in `#wanted`. */
  #put(pack: number, bundle: number, offset: number, length: number): void {
    let slot = this.#find();
    if (slot < 0) {
      if (this.#taken + 1 > this.#slots * FULLEST)
        this.#layOut(Math.max(FIRST_SLOTS, Math.ceil((this.#size * GROWTH) / FULLEST)));
      slot = this.#freeFor(this.#wanted, 0);
      if (this.#places[slot * PLACE_WORDS] === FREE) this.#taken++;
      this.#ids.set(this.#wanted, slot * ID_WORDS);
      this.#size++;
    }
    const at = slot * PLACE_WORDS;
    this.#places[at] = pack;
    this.#places[at + 1] = bundle;
    this.#places[at + 2] = offset;
    this.#places[at + 3] = length;
  }

  delete(id: ChunkId): void {
    readHexWords(id, 0, this.#wanted);
    const slot = this.#find();
    if (slot < 0) return;
    this.#places[slot * PLACE_WORDS] = DROPPED;
    this.#size--;
  }

  #numberOf(pack: PackId): number {
    let number = this.#numbers.get(pack);
    if (number === undefined) {
      number = Math.max(FIRST_PACK, this.#packs.length);
      this.#packs[number] = pack;
      this.#numbers.set(pack, number);
    }
    return number;
  }

  /** The slot of the chunk whose words are in `#wanted`, -1 when it is not there. */
  #find(): number {
    for (let slot = this.#home(this.#wanted[0]!); ; slot = slot + 1 === this.#slots ? 0 : slot + 1) {
      const number = this.#places[slot * PLACE_WORDS]!;
      if (number === FREE) return -1;
      if (number !== DROPPED && this.#holdsWanted(slot * ID_WORDS)) return slot;
    }
  }

  #holdsWanted(at: number): boolean {
    for (let i = 0; i < ID_WORDS; i++) if (this.#ids[at + i] !== this.#wanted[i]) return false;
    return true;
  }

  #home(word: number): number {
    return Math.floor((word * this.#slots) / 2 ** 32);
  }

  /** The first slot for an id that is not there. */
  #freeFor(words: Uint32Array, at: number): number {
    let slot = this.#home(words[at]!);
    while (this.#places[slot * PLACE_WORDS]! >= FIRST_PACK) slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }

  /** Moves all chunks to arrays of so many slots. */
  #layOut(slots: number): void {
    const ids = this.#ids;
    const places = this.#places;
    const before = this.#slots;
    this.#slots = slots;
    this.#ids = new Uint32Array(slots * ID_WORDS);
    this.#places = new Uint32Array(slots * PLACE_WORDS);
    this.#taken = this.#size;
    for (let slot = 0; slot < before; slot++) {
      if (places[slot * PLACE_WORDS]! < FIRST_PACK) continue;
      const free = this.#freeFor(ids, slot * ID_WORDS);
      for (let i = 0; i < ID_WORDS; i++) this.#ids[free * ID_WORDS + i] = ids[slot * ID_WORDS + i]!;
      for (let i = 0; i < PLACE_WORDS; i++)
        this.#places[free * PLACE_WORDS + i] = places[slot * PLACE_WORDS + i]!;
    }
  }
}
