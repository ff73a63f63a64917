import { RoostError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Timers } from './timers.ts';
import { turns } from './turns.ts';

/** The browser's time, with timers that go on in a hidden page. */
export function createSystemClock(timers: Timers): Clock {
  const aborted = (): RoostError => new RoostError('aborted', 'the wait was ended');
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep(ms, { signal } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(aborted());
          return;
        }
        const onAbort = (): void => {
          cancel();
          reject(aborted());
        };
        const cancel = timers.after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort);
      });
    },
    after: (ms, callback) => timers.after(ms, callback),
    pass: turns.pass,
    abortController: () => new AbortController(),
  };
}
