import type { AbortSignalLike } from '../../core/progress.ts';
import type { AbortControllerLike } from '../../ports/clock.ts';

class MemoryAbortSignal implements AbortSignalLike {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  fire(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}

/** An abort controller that needs no platform. */
export class MemoryAbortController implements AbortControllerLike {
  readonly #signal = new MemoryAbortSignal();

  get signal(): AbortSignalLike {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    this.#signal.fire(reason);
  }
}
