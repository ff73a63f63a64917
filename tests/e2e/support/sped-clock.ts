import type { Clock } from '../../../src/ports/clock.ts';

interface Pending {
  readonly due: number;
  readonly callback: () => void;
  cancel: () => void;
}

/** The time of this machine, and what it was jumped by: the wall clock and the monotonic one alike. */
export class SpedClock implements Clock {
  readonly #real: Clock;
  readonly #pending = new Set<Pending>();
  #offset: number;

  /** @param offset milliseconds that it is ahead of the machine from the start on */
  constructor(real: Clock, offset: number) {
    this.#real = real;
    this.#offset = offset;
  }

  now(): number {
    return this.#real.now() + this.#offset;
  }

  monotonic(): number {
    return this.#real.monotonic() + this.#offset;
  }

  sleep: Clock['sleep'] = (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      // The real sleep knows how to give up; ours ends it early when time jumps.
      const controller = this.#real.abortController();
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        controller.abort(signal?.reason);
        this.#real.sleep(0, { signal: controller.signal }).catch(reject);
      };
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted === true) onAbort();
    });

  after(ms: number, callback: () => void): () => void {
    const timer: Pending = { due: this.monotonic() + ms, callback, cancel: () => undefined };
    this.#pending.add(timer);
    this.#arm(timer);
    return () => {
      timer.cancel();
      this.#pending.delete(timer);
    };
  }

  pass: Clock['pass'] = () => this.#real.pass();

  abortController: Clock['abortController'] = () => this.#real.abortController();

  /** Lets `ms` pass at once. What was due meanwhile is called once, as after a sleep of the machine. */
  jump(ms: number): void {
    this.#offset += ms;
    const now = this.monotonic();
    const waiting = [...this.#pending].sort((a, b) => a.due - b.due);
    for (const timer of waiting) {
      if (!this.#pending.has(timer)) continue;
      timer.cancel();
      if (timer.due <= now) this.#fire(timer);
      else this.#arm(timer);
    }
  }

  #arm(timer: Pending): void {
    timer.cancel = this.#real.after(Math.max(0, timer.due - this.monotonic()), () => this.#fire(timer));
  }

  #fire(timer: Pending): void {
    if (this.#pending.delete(timer)) timer.callback();
  }
}
