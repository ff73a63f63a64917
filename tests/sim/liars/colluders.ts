import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import type { Liar } from './liar-tap.ts';
import { changed } from './freeloader.ts';

/**
 * What a group of colluding holders keeps together: one copy of each piece that several of them were given.
 */
export class SharedStore {
  readonly #copies = new Map<string, Bytes>();
  readonly #places = new Map<string, string>();

  /** Whether these very bytes, and not another holder's of the same piece, are what the group keeps. */
  isKept(segment: Bytes): boolean {
    const place = this.#places.get(Buffer.from(segment).toString('latin1'));
    const copy = place === undefined ? undefined : this.#copies.get(place);
    return copy !== undefined && equalBytes(copy, segment);
  }

  /** A liar that keeps only what none of the group has yet, and answers with the group's copy for everything else. */
  member(): Liar {
    return {
      brought: ({ ask, items }, item) => {
        if (ask.kind !== 'put') return;
        const place = `${ask.row.packId} ${items.length}`;
        this.#places.set(Buffer.from(item).toString('latin1'), place);
        if (!this.#copies.has(place)) this.#copies.set(place, item.slice());
      },
      shown: ({ ask }, item) => {
        if (ask.kind !== 'audit-answer' && ask.kind !== 'get') return item;
        const place = this.#places.get(Buffer.from(item).toString('latin1'));
        const copy = place === undefined ? undefined : this.#copies.get(place);
        if (copy === undefined) return changed(item);
        return copy;
      },
    };
  }
}
