import type { Remote } from '../../../src/agent/session/types.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { faultOf } from '../../../src/core/errors.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { changed } from './freeloader.ts';
import type { Liar } from './liar-tap.ts';
import { madeUpRow } from './raw-session.ts';

const textOf = (bytes: Bytes): string => Buffer.from(bytes).toString('latin1');

/**
 * Keeps nothing: leaves every piece that it is given with another holder, as if it were its own backup there, and reads from there what
 * an audit draws. What it cannot have from there it makes up.
 */
export class Relayer implements Liar {
  readonly #session: () => Promise<Remote>;
  readonly #agreement: AgreementId;
  /** where each segment lies at the holder that really keeps it */
  readonly #places = new Map<string, { readonly row: number; readonly segment: number }>();
  #rows = 0;
  #work: Promise<void> = Promise.resolve();
  readonly counts = { stored: 0, storedBytes: 0, relayed: 0, relayedBytes: 0, refused: 0 };

  /** @param session connects to that holder, as an account of the relayer's that has an agreement with it */
  constructor(session: () => Promise<Remote>, agreement: AgreementId) {
    this.#session = session;
    this.#agreement = agreement;
  }

  brought: NonNullable<Liar['brought']> = ({ ask, items }) => {
    if (ask.kind === 'put' && items.length === ask.row.segments) this.#store([...items]);
  };

  shown: NonNullable<Liar['shown']> = ({ ask }, item) =>
    ask.kind === 'audit-answer' || ask.kind === 'get' ? this.#fetch(item) : item;

  #store(items: readonly Bytes[]): void {
    const row = ++this.#rows;
    for (const [segment, item] of items.entries()) this.#places.set(textOf(item), { row, segment });
    const sealed = concatBytes(...items);
    this.#work = this.#work.then(async () => {
      const remote = await this.#session();
      await remote.put(this.#agreement, madeUpRow(row, sealed), sealed);
      this.counts.stored++;
      this.counts.storedBytes += sealed.length;
    });
  }

  async #fetch(item: Bytes): Promise<Bytes> {
    await this.#work;
    const place = this.#places.get(textOf(item));
    if (place === undefined) return changed(item);
    try {
      const remote = await this.#session();
      const [segment] = await remote.get(this.#agreement, place.row, place.segment, 1);
      this.counts.relayed++;
      this.counts.relayedBytes += item.length;
      return segment ?? changed(item);
    } catch (error) {
      if (faultOf(error) === 'refused') this.counts.refused++;
      return changed(item);
    }
  }
}
