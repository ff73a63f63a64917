import { faultOf, messageOf } from '../core/errors.ts';
import type { AbortSignalLike } from '../core/progress.ts';
import type { AbortControllerLike, Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** 'urgent': pieces are gone; 'lazy': their holders have been silent for so long that more are wanted. */
export type Urgency = 'urgent' | 'lazy';

/** 'stuck': pieces are missing and none of them found a holder; 'waiting': they cannot be made before other holders are there. */
export type RepairOutcome = 'done' | 'waiting' | 'stuck';

/** Losses that come together are mended together. */
const GATHER_MS = 10_000;
/** After a repair that gave way to something people asked for. */
const AGAIN_MS = 60_000;
/** After a repair that found nobody to take the missing pieces; doubles with each that finds nobody either. Also after one that waits for holders to read from. */
const REST_FIRST_MS = 3_600_000;
const REST_LONGEST_MS = 12 * 3_600_000;

export interface RepairsParts {
  readonly clock: Clock;
  readonly log: Log;
  /** @throws RoostError 'aborted' when it gave way */
  readonly repair: (urgency: Urgency, signal: AbortSignalLike) => Promise<RepairOutcome>;
}

/** Repairs in the background: one at a time, after a moment, and never in the way of what people ask for. */
export class Repairs {
  readonly #parts: RepairsParts;
  #wanted: Urgency | undefined;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #controller: AbortControllerLike | undefined;
  #stopped = false;
  #restingUntil = -Infinity;
  #restMs = REST_FIRST_MS;

  constructor(parts: RepairsParts) {
    this.#parts = parts;
  }

  /** @param fresh something was lost just now; otherwise it may be the same as last time */
  want(urgency: Urgency, fresh: boolean): void {
    if (fresh) this.#restingUntil = -Infinity;
    else if (this.#parts.clock.monotonic() < this.#restingUntil) return;
    if (this.#wanted !== 'urgent') this.#wanted = urgency;
    this.#plan(GATHER_MS);
  }

  /** Stops a repair under way; it goes on a little later. */
  giveWay(): void {
    this.#controller?.abort();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#controller?.abort();
    await this.#running;
  }

  #plan(ms: number): void {
    if (this.#stopped || this.#running !== undefined || this.#cancel !== undefined) return;
    this.#cancel = this.#parts.clock.after(ms, () => {
      this.#cancel = undefined;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        if (this.#wanted !== undefined) this.#plan(AGAIN_MS);
      });
    });
  }

  async #run(): Promise<void> {
    const { clock, log, repair } = this.#parts;
    const urgency = this.#wanted ?? 'lazy';
    this.#wanted = undefined;
    this.#controller = clock.abortController();
    try {
      const outcome = await repair(urgency, this.#controller.signal);
      this.#rest(outcome);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'aborted') this.#wanted ??= urgency;
      else {
        log.info('repair.waits', { fault, message: messageOf(error) });
        this.#rest('stuck');
      }
    } finally {
      this.#controller = undefined;
    }
  }

  #rest(outcome: RepairOutcome): void {
    if (outcome !== 'stuck') this.#restMs = REST_FIRST_MS;
    if (outcome === 'done') return;
    this.#restingUntil = this.#parts.clock.monotonic() + this.#restMs;
    if (outcome === 'stuck') this.#restMs = Math.min(REST_LONGEST_MS, 2 * this.#restMs);
  }
}
