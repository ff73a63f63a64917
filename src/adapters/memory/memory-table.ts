import type { Bytes } from '../../core/bytes.ts';
import type { MetaRow, ScanRange } from '../../ports/meta-store.ts';

/**
 * Rows in the order of their keys. JavaScript compares strings by UTF-16 code units, as the port wants. Values are given as they are
 * kept: nobody may change them.
 */
export class MemoryTable {
  readonly #keys: string[] = [];
  readonly #values = new Map<string, Bytes>();

  get(key: string): Bytes | undefined {
    return this.#values.get(key);
  }

  /** @returns the former value */
  put(key: string, value: Bytes): Bytes | undefined {
    const former = this.#values.get(key);
    if (former === undefined) this.#keys.splice(this.#place(key), 0, key);
    this.#values.set(key, value);
    return former;
  }

  /** @returns the former value */
  delete(key: string): Bytes | undefined {
    const former = this.#values.get(key);
    if (former === undefined) return undefined;
    this.#keys.splice(this.#place(key), 1);
    this.#values.delete(key);
    return former;
  }

  scan({ after, prefix, limit }: ScanRange): MetaRow[] {
    let index = prefix === undefined ? 0 : this.#place(prefix);
    if (after !== undefined) {
      const place = this.#place(after);
      index = Math.max(index, this.#keys[place] === after ? place + 1 : place);
    }
    const rows: MetaRow[] = [];
    for (; rows.length < limit && index < this.#keys.length; index++) {
      const key = this.#keys[index] ?? '';
      if (prefix !== undefined && !key.startsWith(prefix)) break;
      rows.push({ key, value: this.#values.get(key)! });
    }
    return rows;
  }

  /** Index of the first key that is not below `key`. */
  #place(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    const last = this.#keys[high - 1];
    if (last === undefined || last < key) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
