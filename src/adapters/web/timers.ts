import type { FromTimer, ToTimer } from '../../../workers/timer-api.ts';

/** Longest delay of setTimeout; longer ones would fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export interface Timers {
  /** Calls back after `ms`; returns a function that cancels. */
  after(ms: number, callback: () => void): () => void;
  close(): void;
}

interface Pending {
  readonly due: number;
  readonly callback: () => void;
}

/**
 * Timers that a hidden page keeps, run by a small worker. Where the worker cannot be had (or fails later) all pending ones
 * go on with the page's own.
 */
export function createTimers(): Timers {
  const pending = new Map<number, Pending>();
  let next = 0;
  let worker: Worker | undefined;

  const wait = (id: number): void => {
    const timer = pending.get(id);
    if (timer === undefined) return;
    const left = timer.due - performance.now();
    // A timer may wake a little early, and one beyond the longest delay goes on in parts.
    if (left > 1) {
      arm(id, left);
      return;
    }
    pending.delete(id);
    timer.callback();
  };
  const arm = (id: number, ms: number): void => {
    const delay = Math.min(Math.max(ms, 0), DELAY_MAX_MS);
    if (worker === undefined) setTimeout(() => wait(id), delay);
    else worker.postMessage({ type: 'set', id, ms: delay } satisfies ToTimer);
  };
  const giveUp = (): void => {
    worker?.terminate();
    worker = undefined;
    for (const [id, { due }] of pending) arm(id, due - performance.now());
  };

  try {
    worker = new Worker(new URL('../../../workers/timer-worker.ts', import.meta.url), {
      type: 'module',
      name: 'roost-timers',
    });
    worker.addEventListener('message', ({ data }: MessageEvent<FromTimer>) => wait(data));
    worker.addEventListener('error', giveUp);
  } catch {
    worker = undefined;
  }

  return {
    after(ms, callback) {
      const id = next++;
      pending.set(id, { due: performance.now() + ms, callback });
      arm(id, ms);
      return () => {
        if (pending.delete(id)) worker?.postMessage({ type: 'clear', id } satisfies ToTimer);
      };
    },
    close() {
      pending.clear();
      worker?.terminate();
      worker = undefined;
    },
  };
}
