import type { Bytes } from '../../../src/core/bytes.ts';
import type { Liar } from './liar-tap.ts';
import { changed } from './freeloader.ts';

/**
 * What a group of colluding holders keeps together: one copy of each piece that several of them were given. `ends` names the place of a
 * segment in its pack, whoever it was sealed for.
 */
export class SharedStore {
  readonly #copies = new Map<string, { readonly by: Liar; readonly bytes: Bytes }>();
  readonly #places = new Map<string, string>();

  /** A liar that keeps only what none of the group has yet, and answers with the group's copy for everything else. */
  member(): Liar {
    const liar: Liar = {
      brought: ({ ask, items }, item) => {
        if (ask.kind !== 'put') return;
        const place = `${ask.row.packId} ${items.length}`;
        this.#places.set(Buffer.from(item).toString('latin1'), place);
        if (!this.#copies.has(place)) this.#copies.set(place, { by: liar, bytes: item.slice() });
      },
      shown: ({ ask }, item) => {
        if (ask.kind !== 'audit-answer' && ask.kind !== 'get') return item;
        const place = this.#places.get(Buffer.from(item).toString('latin1'));
        const copy = place === undefined ? undefined : this.#copies.get(place);
        if (copy === undefined) return changed(item);
        return copy.bytes;
      },
    };
    return liar;
  }
}
