import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { RoostError } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { Turns } from '../../core/turns.ts';
import type { AbortControllerLike, Clock } from '../../ports/clock.ts';

/** Node.js fires longer timers at once. */
const TIMER_MAX_MS = 2_147_483_647;

const turns = new Turns(
  () => performance.now(),
  () => setImmediate(),
);

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),

  sleep(ms: number, { signal }: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void =>
        reject(new RoostError('aborted', `a sleep of ${ms} ms was aborted`, { cause: signal?.reason }));
      if (signal?.aborted === true) {
        aborted();
        return;
      }
      const abort = (): void => {
        cancel();
        aborted();
      };
      const cancel = later(ms, true, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort);
    });
  },

  after: (ms: number, callback: () => void): (() => void) => later(ms, false, callback),

  pass: turns.pass,

  abortController: (): AbortControllerLike => new AbortController(),
};

/** A timer of any length. @param keepAlive whether the process waits for it */
function later(ms: number, keepAlive: boolean, callback: () => void): () => void {
  let left = ms;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const step = Math.min(left, TIMER_MAX_MS);
    left -= step;
    timer = setTimeout(left > 0 ? wait : callback, step);
    if (!keepAlive) timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
