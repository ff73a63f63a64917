import { decodeOwnCbor, encodeCbor } from '../core/cbor.ts';
import { RECORD_MAX_BYTES } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { MetaStore } from '../ports/meta-store.ts';
import type { ActivityEntry } from './api.ts';
import { OWNER_TABLES } from './repository/tables.ts';

const KEY = 'activity';
const ENTRIES_MAX = 500;
/** A crash loses the lines of so long at most. */
const SAVE_DELAY_MS = 2_000;

/** What the decoder gives back: maps are Maps there. */
type Row = [number, string, ReadonlyMap<string, string | number>, ActivityEntry['level']];

/** What the app did and why, newest first, kept over restarts. */
export class Activity {
  readonly #meta: MetaStore;
  readonly #clock: Clock;
  #entries: readonly ActivityEntry[] = [];
  #saving: Promise<void> = Promise.resolve();
  #cancelSave: (() => void) | undefined;

  constructor(meta: MetaStore, clock: Clock) {
    this.#meta = meta;
    this.#clock = clock;
  }

  get entries(): readonly ActivityEntry[] {
    return this.#entries;
  }

  /** A damaged log is begun anew: it is told to nobody but its owner. */
  async load(): Promise<void> {
    const bytes = await this.#meta.get(OWNER_TABLES.state, KEY);
    if (!bytes) return;
    try {
      const rows = decodeOwnCbor(bytes, RECORD_MAX_BYTES) as Row[];
      this.#entries = rows.map(([at, event, details, level]) => ({
        at,
        event,
        details: Object.fromEntries(details),
        level,
      }));
    } catch {
      this.#entries = [];
    }
  }

  add(
    event: string,
    details: Readonly<Record<string, string | number>> = {},
    level: ActivityEntry['level'] = 'info',
  ): void {
    this.#entries = [{ at: this.#clock.now(), event, details, level }, ...this.#entries].slice(
      0,
      ENTRIES_MAX,
    );
    // Lines come in bursts, and each writing is of all of them.
    this.#cancelSave ??= this.#clock.after(SAVE_DELAY_MS, () => {
      this.#save();
    });
  }

  /** Resolves when all entries are written. */
  async settled(): Promise<void> {
    if (this.#cancelSave) this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    const rows: Row[] = this.#entries.map((entry) => [
      entry.at,
      entry.event,
      new Map(Object.entries(entry.details)),
      entry.level,
    ]);
    const value = encodeCbor(rows);
    this.#saving = this.#saving
      .then(() =>
        this.#meta.write([{ kind: 'put', table: OWNER_TABLES.state, key: KEY, value }], { durable: false }),
      )
      .catch(() => undefined);
  }
}
