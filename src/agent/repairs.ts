import { faultOf, messageOf } from '../core/errors.ts';
import type { AbortSignalLike } from '../core/progress.ts';
import type { AbortControllerLike, Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** 'urgent': pieces are gone; 'lazy': their holders have been silent for so long that more are wanted. */
export type Urgency = 'urgent' | 'lazy';

/** Losses that come together are mended together. */
const GATHER_MS = 10_000;
/** After a repair that gave way to something people asked for. */
const AGAIN_MS = 60_000;

export interface RepairsParts {
  readonly clock: Clock;
  readonly log: Log;
  /** @throws RoostError 'aborted' when it gave way */
  readonly repair: (urgency: Urgency, signal: AbortSignalLike) => Promise<void>;
}

/** Repairs in the background: one at a time, after a moment, and never in the way of what people ask for. */
export class Repairs {
  readonly #parts: RepairsParts;
  #wanted: Urgency | undefined;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #controller: AbortControllerLike | undefined;
  #stopped = false;

  constructor(parts: RepairsParts) {
    this.#parts = parts;
  }

  want(urgency: Urgency): void {
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
      await repair(urgency, this.#controller.signal);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'aborted') this.#wanted ??= urgency;
      else log.info('repair.waits', { fault, message: messageOf(error) });
    } finally {
      this.#controller = undefined;
    }
  }
}
