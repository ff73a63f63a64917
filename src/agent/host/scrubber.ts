import { encodeCbor } from '../../core/cbor.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { asNumber, asText, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';
import type { ShardStore } from './shard-store.ts';

/** Every row is read once in this time. */
const ROUND_MS = 30 * 24 * 3_600_000;
/** Rows of one step that nobody notices; more only where these would not come round in time. */
const STEP_ROWS = 16;
const PAUSE_MIN_MS = 10 * 60_000;
const PAUSE_MAX_MS = 24 * 3_600_000;
/** After a long time off the rows that are due are read in steps of at most so many. */
const CATCH_UP_ROWS = 64;

const PLACE_KEY = 'scrub';

export interface ScrubberParts {
  readonly store: Pick<ShardStore, 'rows' | 'scrub' | 'onChange'>;
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the round has come to: kept, so that a device that is on for an hour a day comes round too. */
interface Place {
  /** key of the last row read; '' at the beginning of a round */
  readonly after: string;
  /** milliseconds since 1970 up to which the rows that were due are read; 0 before the first step */
  readonly at: number;
}

const START: Place = { after: '', at: 0 };

/** Reads all held shards again and again, slowly, so that rot is found before it is needed. Sets no timer while nothing is held. */
export class Scrubber {
  readonly #parts: ScrubberParts;
  #place: Place | undefined;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #ignore: () => void = () => undefined;
  #started = false;
  #stopped = false;

  constructor(parts: ScrubberParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#ignore = this.#parts.store.onChange(() => {
      this.#wake(PAUSE_MIN_MS);
    });
    this.#wake(PAUSE_MIN_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ignore();
    this.#cancel?.();
    await this.#running;
  }

  #wake(ms: number): void {
    const { store, clock } = this.#parts;
    if (this.#stopped || this.#running !== undefined || this.#cancel !== undefined || store.rows === 0)
      return;
    this.#cancel = clock.after(ms, () => {
      this.#cancel = undefined;
      this.#running = this.#step();
    });
  }

  async #step(): Promise<void> {
    const { log } = this.#parts;
    let pause = PAUSE_MIN_MS;
    try {
      pause = await this.#scrub();
    } catch (error) {
      log.warn('host.scrub-failed', { fault: faultOf(error), message: messageOf(error) });
    }
    this.#running = undefined;
    this.#wake(pause);
  }

  /** @returns milliseconds until the next step */
  async #scrub(): Promise<number> {
    const { store, clock, log } = this.#parts;
    const { rows } = store;
    if (rows === 0) return PAUSE_MAX_MS;
    const place = (this.#place ??= await this.#read());
    const now = clock.now();
    const pause = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MIN_MS, (ROUND_MS * STEP_ROWS) / rows));
    const passed = place.at === 0 ? pause : Math.min(ROUND_MS, Math.max(0, now - place.at));
    if (passed < pause && place.at <= now) return pause - passed;
    const due = Math.max(1, Math.ceil((rows * passed) / ROUND_MS));
    const limit = Math.min(due, Math.max(CATCH_UP_ROWS, Math.ceil((rows * PAUSE_MIN_MS) / ROUND_MS)));
    const { lost, next } = await store.scrub({
      ...(place.after === '' ? {} : { after: place.after }),
      limit,
    });
    if (lost.length > 0) log.warn('host.scrub-found-lost', { rows: lost.length });
    await this.#keep({ after: next ?? '', at: Math.round(now - passed * (1 - limit / due)) });
    return limit < due ? PAUSE_MIN_MS : pause;
  }

  /** A place that is damaged costs a part of a round. */
  async #read(): Promise<Place> {
    const { meta, log } = this.#parts;
    const value = await meta.get(TABLES.hostState, PLACE_KEY);
    if (value === undefined) return START;
    try {
      return readRecord('the place of the scrubber', value, (fields) => ({
        after: asText(fields[0]),
        at: asNumber(fields[1]),
      }));
    } catch (error) {
      log.warn('host.scrub-place-unreadable', { message: messageOf(error) });
      return START;
    }
  }

  async #keep(place: Place): Promise<void> {
    this.#place = place;
    const value = encodeCbor([place.after, place.at]);
    await this.#parts.meta.write([{ kind: 'put', table: TABLES.hostState, key: PLACE_KEY, value }], {
      durable: false,
    });
  }
}
