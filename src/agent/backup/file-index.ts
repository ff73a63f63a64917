import { readHexWords } from '../../core/hex.ts';
import { PATH_DIGITS } from './file-keys.ts';

const KEY_WORDS = PATH_DIGITS / 8;
const ROOM = 1.5;

/**
 * Files of a scan by the hash in their key: a hash table in typed arrays, 30 bytes a file outside of the JavaScript heap. Keys
 * hold a SHA-256, so their first word spreads evenly and needs no hash.
 */
export class FileIndex {
  readonly #slots: number;
  readonly #keys: Uint32Array;
  /** entries; 0 where there is none, for the root is no file */
  readonly #entries: Uint32Array;
  readonly #wanted = new Uint32Array(KEY_WORDS);

  /** @param files that it has room for */
  constructor(files: number) {
    this.#slots = Math.ceil(files * ROOM) + 1;
    this.#keys = new Uint32Array(this.#slots * KEY_WORDS);
    this.#entries = new Uint32Array(this.#slots);
  }

  /** @param key of file-keys.ts */
  set(key: string, entry: number): void {
    const slot = this.#find(key);
    this.#keys.set(this.#wanted, slot * KEY_WORDS);
    this.#entries[slot] = entry;
  }

  get(key: string): number | undefined {
    const entry = this.#entries[this.#find(key)]!;
    return entry === 0 ? undefined : entry;
  }

  /** The slot of a key, or the free one that it would take. */
  #find(key: string): number {
    readHexWords(key, key.length - PATH_DIGITS, this.#wanted);
    let slot = Math.floor((this.#wanted[0]! * this.#slots) / 2 ** 32);
    while (this.#entries[slot] !== 0 && !this.#holdsWanted(slot * KEY_WORDS))
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    return slot;
  }

  #holdsWanted(at: number): boolean {
    for (let i = 0; i < KEY_WORDS; i++) if (this.#keys[at + i] !== this.#wanted[i]) return false;
    return true;
  }
}
