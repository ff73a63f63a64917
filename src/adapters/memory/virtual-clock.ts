import { RoostError } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AbortControllerLike, Clock } from '../../ports/clock.ts';
import { MemoryAbortController } from './abort-controller.ts';
import type { NextTurn } from './event-loop.ts';
import { nextTurnOfEventLoop } from './event-loop.ts';
import { TimerQueue } from './timer-queue.ts';

/** 2026-01-01T00:00:00Z, where simulated time starts. */
const SIMULATION_START_MS = 1_767_225_600_000;

/** How far `runUntilIdle` goes when timers are set again and again, as heartbeats are. */
const IDLE_LIMIT_MS = 3_600_000;

export interface VirtualClockOptions {
  /** 'manual': time stands until `advance`. 'auto': whenever all code waits, time jumps to the next timer. */
  readonly mode?: 'manual' | 'auto';
  readonly startAt?: number;
  /** nextTurnOfEventLoop when left out, which costs tens of microseconds for each timer; a host's own may cost one */
  readonly nextTurn?: NextTurn;
}

/**
 * Time that passes only when it is told to, or when all wait. Work that the event loop does not show (WebCrypto, worker
 * threads) is announced with `hold`, so that time does not run past it.
 */
export class VirtualClock implements Clock {
  readonly #startAt: number;
  readonly #timers = new TimerQueue();
  readonly #nextTurn: NextTurn;
  readonly #step = (): void => this.#pumpOn();
  #mode: 'manual' | 'auto';
  #elapsed = 0;
  #holds = 0;
  #freed: (() => void)[] = [];
  #pumping = false;
  #stopped = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#startAt = options.startAt ?? SIMULATION_START_MS;
    this.#mode = options.mode ?? 'manual';
    this.#nextTurn = options.nextTurn ?? nextTurnOfEventLoop;
  }

  now(): number {
    return this.#startAt + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(ms: number, options: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    return sleepOn(this, ms, options.signal);
  }

  after(ms: number, callback: () => void): () => void {
    const timer = this.#timers.add(this.#elapsed + Math.max(0, ms), callback);
    this.#pump();
    return () => {
      timer.cancelled = true;
    };
  }

  /** No time passes while code runs. */
  pass(): undefined {
    return undefined;
  }

  abortController(): AbortControllerLike {
    return new MemoryAbortController();
  }

  get mode(): 'manual' | 'auto' {
    return this.#mode;
  }

  setMode(mode: 'manual' | 'auto'): void {
    this.#mode = mode;
    this.#pump();
  }

  /** Keeps time from passing until the function returned is called: for work done outside the event loop. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      if (this.#holds > 0) return;
      const freed = this.#freed;
      this.#freed = [];
      for (const resolve of freed) resolve();
    };
  }

  /** Holds time while a promise is open. */
  async during<T>(work: Promise<T>): Promise<T> {
    const release = this.hold();
    try {
      return await work;
    } finally {
      release();
    }
  }

  /** Lets everything run that needs no time. */
  async settle(): Promise<void> {
    await this.#turn();
    while (this.#holds > 0) {
      await new Promise<void>((resolve) => this.#freed.push(resolve));
      await this.#turn();
    }
  }

  /** Lets `ms` pass, timer by timer, and all that they start run as far as it can. Resolves at the new time. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsed + ms;
    await this.#run(until);
    this.#elapsed = Math.max(this.#elapsed, until);
    await this.settle();
  }

  /** Lets time pass until no timer is left, or `limitMs` have passed. */
  async runUntilIdle(limitMs = IDLE_LIMIT_MS): Promise<void> {
    await this.#run(this.#elapsed + limitMs);
  }

  /** Fires no timer any more. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
  }

  async #run(until: number): Promise<void> {
    for (;;) {
      await this.settle();
      const next = this.#timers.peek();
      if (this.#stopped || next === undefined || next.at > until) return;
      this.#fire();
    }
  }

  #fire(): void {
    const timer = this.#timers.take();
    if (timer === undefined) return;
    this.#elapsed = Math.max(this.#elapsed, timer.at);
    timer.callback();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#nextTurn(resolve));
  }

  #pump(): void {
    if (this.#pumping || this.#mode !== 'auto' || this.#stopped) return;
    this.#pumping = true;
    this.#nextTurn(this.#step);
  }

  /** Fires the next timer, unless somebody works; comes back until none is left. Callbacks, because it runs a billion times. */
  #pumpOn(): void {
    if (this.#holds > 0) {
      this.#freed.push(() => this.#nextTurn(this.#step));
      return;
    }
    if (this.#stopped || this.#mode !== 'auto' || this.#timers.peek() === undefined) {
      this.#pumping = false;
      return;
    }
    this.#nextTurn(this.#step);
    this.#fire();
  }
}

/** A sleep made of `after`, that ends early with RoostError 'aborted'. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignalLike): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new RoostError('aborted', `a sleep of ${ms} ms was aborted`, { cause: signal?.reason }));
    };
    let cancel = (): void => undefined;
    if (signal?.aborted === true) {
      abort();
      return;
    }
    signal?.addEventListener('abort', abort);
    cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}
