import type { Bytes } from '../src/core/bytes.ts';
import type { CryptoSuite } from '../src/core/crypto/suite.ts';
import { RoostError } from '../src/core/errors.ts';
import type { CooperativeId } from '../src/core/ids.ts';
import type { Roster } from '../src/core/roster/roster.ts';
import { applyEntry, replayRoster } from '../src/core/roster/roster.ts';
import { decodeUtf8, encodeUtf8 } from '../src/core/utf8.ts';
import { PAGE_BYTES, ROSTER_PAGE_ENTRIES } from '../src/core/wire/broker-limits.ts';
import type { Engine } from './engine.ts';
import { ROSTERS_IN_MEMORY } from './limits.ts';
import { KeyedMutex } from './mutex.ts';

const TOPIC = 'roster';
const POSITION_DIGITS = 6;
const READ_ROWS = 256;

/** Stores the signed chains of cooperatives and lets nothing onto them that does not verify. */
export class Rosters {
  readonly #engine: Engine;
  readonly #suite: CryptoSuite;
  readonly #now: () => number;
  readonly #mutex = new KeyedMutex();
  /** replayed chains, the least recently used first */
  readonly #replayed = new Map<CooperativeId, Roster>();

  constructor(engine: Engine, suite: CryptoSuite, now: () => number) {
    this.#engine = engine;
    this.#suite = suite;
    this.#now = now;
  }

  /** The roster as it stands now; undefined when nobody founded it here. */
  state(cooperative: CooperativeId): Promise<Roster | undefined> {
    return this.#mutex.run(cooperative, () => this.#caughtUp(cooperative));
  }

  /** Entries from position `from` on that fit one page. */
  async page(
    cooperative: CooperativeId,
    from: number,
  ): Promise<{ readonly entries: readonly Bytes[]; readonly more: boolean }> {
    const entries: Bytes[] = [];
    let bytes = 0;
    for (let position = from; ;) {
      const rows = await this.#rows(cooperative, position);
      for (const entry of rows) {
        bytes += entry.length;
        if (bytes > PAGE_BYTES || entries.length === ROSTER_PAGE_ENTRIES) return { entries, more: true };
        entries.push(entry);
      }
      if (rows.length < READ_ROWS) return { entries, more: false };
      position += rows.length;
    }
  }

  /**
   * Appends an entry when the roster has `position` entries now; position 0 founds it.
   * @returns false when the roster has another length
   * @throws RoostError 'malformed' | 'corrupt' | 'refused' | 'bad-invite' when the entry does not verify here and now
   */
  append(cooperative: CooperativeId, position: number, entry: Bytes): Promise<boolean> {
    return this.#mutex.run(cooperative, async () => {
      const roster = await this.#caughtUp(cooperative);
      if ((roster?.length ?? 0) !== position) return false;
      const next = await this.#next(roster, entry);
      if (next.cooperative !== cooperative) {
        throw new RoostError(
          'refused',
          'founding entry must hash to the id of its cooperative, got another id',
        );
      }
      // Another instance may have been faster: then the key is there.
      if (!(await this.#engine.compareAndSwap('roster', rowKey(cooperative, position), 0, entry)))
        return false;
      this.#remember(next);
      this.#engine.publish(TOPIC, encodeUtf8(`${cooperative}/${next.length}`));
      return true;
    });
  }

  /** Called when a roster grew, here or at another instance. */
  onGrown(handler: (cooperative: string, length: number) => void): () => void {
    return this.#engine.subscribe(TOPIC, (message) => {
      const [cooperative = '', length] = decodeUtf8(message).split('/');
      handler(cooperative, Number(length));
    });
  }

  /** With the present time, so that an invite that has expired by our clock admits nobody, whatever date the entry bears. */
  #next(roster: Roster | undefined, entry: Bytes): Promise<Roster> {
    return roster === undefined
      ? replayRoster(this.#suite, [entry], this.#now())
      : applyEntry(this.#suite, roster, entry, this.#now());
  }

  async #caughtUp(cooperative: CooperativeId): Promise<Roster | undefined> {
    let roster = this.#replayed.get(cooperative);
    const entries: Bytes[] = [];
    for (;;) {
      const rows = await this.#rows(cooperative, (roster?.length ?? 0) + entries.length);
      entries.push(...rows);
      if (rows.length < READ_ROWS) break;
    }
    if (roster === undefined && entries.length > 0) roster = await replayRoster(this.#suite, entries);
    else if (roster !== undefined) {
      for (const entry of entries) roster = await applyEntry(this.#suite, roster, entry);
    }
    if (roster !== undefined) this.#remember(roster);
    return roster;
  }

  async #rows(cooperative: CooperativeId, from: number): Promise<Bytes[]> {
    const rows = await this.#engine.list('roster', {
      prefix: `${cooperative}/`,
      ...(from === 0 ? {} : { after: rowKey(cooperative, from - 1) }),
      limit: READ_ROWS,
    });
    return rows.map(({ value }) => value);
  }

  #remember(roster: Roster): void {
    this.#replayed.delete(roster.cooperative);
    this.#replayed.set(roster.cooperative, roster);
    const [oldest] = this.#replayed.keys();
    if (this.#replayed.size > ROSTERS_IN_MEMORY && oldest !== undefined) this.#replayed.delete(oldest);
  }
}

const rowKey = (cooperative: CooperativeId, position: number): string =>
  `${cooperative}/${String(position).padStart(POSITION_DIGITS, '0')}`;
