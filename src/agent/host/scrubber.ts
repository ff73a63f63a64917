import { faultOf, messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { ShardStore } from './shard-store.ts';

/** A few rows at a time, so that nobody notices: about 2,000 a day. */
const SCRUB_INTERVAL_MS = 10 * 60_000;
const SCRUB_ROWS = 16;

/** Reads all held shards again and again, slowly, so that rot is found before it is needed. */
export class Scrubber {
  readonly #parts: { readonly store: ShardStore; readonly clock: Clock; readonly log: Log };
  #after: string | undefined;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: { readonly store: ShardStore; readonly clock: Clock; readonly log: Log }) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel?.();
    this.#cancel = this.#parts.clock.after(SCRUB_INTERVAL_MS, () => {
      this.#running = this.#scrub();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #scrub(): Promise<void> {
    const { store, log } = this.#parts;
    try {
      const after = this.#after === undefined ? {} : { after: this.#after };
      const { lost, next } = await store.scrub({ ...after, limit: SCRUB_ROWS });
      this.#after = next;
      if (lost.length > 0) log.warn('host.scrub-found-lost', { rows: lost.length });
    } catch (error) {
      log.warn('host.scrub-failed', { fault: faultOf(error), message: messageOf(error) });
    }
    this.start();
  }
}
