import { encodeCbor } from '../core/cbor.ts';
import { RoostError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { MetaOperation, MetaStore } from '../ports/meta-store.ts';
import type { ActivityEntry } from './api.ts';
import { OWNER_TABLES } from './repository/tables.ts';
import { scanAll } from './store/paging.ts';
import { asNumber, asText, padNumber, readRecord } from './store/records.ts';

const TABLE = OWNER_TABLES.activity;
const KEY_DIGITS = 15;
const ENTRIES_MAX = 500;
const DAY_MS = 24 * 3_600_000;
/** A crash loses the lines of so long at most. */
const SAVE_DELAY_MS = 2_000;

/** What the app did and why, newest first, kept over restarts. */
export class Activity {
  readonly #meta: MetaStore;
  readonly #clock: Clock;
  #entries: readonly ActivityEntry[] = [];
  /** keys of `#entries` in the table, in the same order */
  #keys: string[] = [];
  #next = 1;
  /** lines that are not written yet are the newest so many */
  #unsaved = 0;
  /** keys of lines to be struck from the table */
  #dropped: string[] = [];
  #saving: Promise<void> = Promise.resolve();
  #cancelSave: (() => void) | undefined;

  constructor(meta: MetaStore, clock: Clock) {
    this.#meta = meta;
    this.#clock = clock;
  }

  get entries(): readonly ActivityEntry[] {
    return this.#entries;
  }

  /** A damaged line is dropped: it is told to nobody but its owner. */
  async load(): Promise<void> {
    const entries: ActivityEntry[] = [];
    const keys: string[] = [];
    for await (const { key, value } of scanAll(this.#meta, TABLE)) {
      this.#next = Math.max(this.#next, Number(key) + 1);
      try {
        entries.push(readRecord('an activity', value, readEntry));
        keys.push(key);
      } catch {
        this.#dropped.push(key);
      }
    }
    this.#entries = entries.reverse();
    this.#keys = keys.reverse();
  }

  add(
    event: string,
    details: Readonly<Record<string, string | number>> = {},
    level: ActivityEntry['level'] = 'info',
  ): void {
    this.#entries = [{ at: this.#clock.now(), event, details, level }, ...this.#entries];
    this.#keys.unshift(padNumber(this.#next++, KEY_DIGITS));
    this.#unsaved++;
    if (this.#entries.length > ENTRIES_MAX) {
      this.#entries = this.#entries.slice(0, ENTRIES_MAX);
      this.#dropped.push(...this.#keys.splice(ENTRIES_MAX));
    }
    // Lines come in bursts.
    this.#cancelSave ??= this.#clock.after(SAVE_DELAY_MS, () => {
      this.#save();
    });
  }

  /** As `add`, unless the newest line of this event says the same and is younger than a day. */
  addIfNew(
    event: string,
    details: Readonly<Record<string, string | number>>,
    level: ActivityEntry['level'],
  ): void {
    const last = this.#entries.find((entry) => entry.event === event);
    const known = last !== undefined && this.#clock.now() - last.at < DAY_MS;
    if (!known || JSON.stringify(last.details) !== JSON.stringify(details)) this.add(event, details, level);
  }

  /** Resolves when all entries are written. */
  async settled(): Promise<void> {
    if (this.#cancelSave) this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    const operations: MetaOperation[] = this.#entries
      .slice(0, this.#unsaved)
      .map((entry, i) => ({ kind: 'put', table: TABLE, key: this.#keys[i]!, value: encodeEntry(entry) }));
    for (const key of this.#dropped) operations.push({ kind: 'delete', table: TABLE, key });
    this.#unsaved = 0;
    this.#dropped = [];
    this.#saving = this.#saving
      .then(() => this.#meta.write(operations, { durable: false }))
      .catch(() => undefined);
  }
}

const LEVELS: readonly ActivityEntry['level'][] = ['info', 'warning', 'problem'];

function encodeEntry({ at, event, details, level }: ActivityEntry): Uint8Array<ArrayBuffer> {
  return encodeCbor([at, event, new Map(Object.entries(details)), level]);
}

function readEntry([at, event, details, level]: readonly unknown[]): ActivityEntry {
  const known = LEVELS.find((one) => one === level);
  if (known === undefined || !(details instanceof Map))
    throw new RoostError('malformed', 'expected the facts of a line and its level');
  return {
    at: asNumber(at),
    event: asText(event),
    details: Object.fromEntries(details as ReadonlyMap<string, string | number>),
    level: known,
  };
}
