import type { AbortSignalLike } from '../core/progress.ts';
import { abortable, throwIfAborted } from './cancellation.ts';

/** Pause and resume: work passes while it is open. */
export class Gate {
  #closed = false;
  #waiting: (() => void)[] = [];

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  open(): void {
    this.#closed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Resolves at once while open, else when opened. @throws RoostError 'aborted' as soon as the signal fires, paused or not */
  async pass(signal?: AbortSignalLike): Promise<void> {
    while (this.#closed) {
      await abortable(new Promise<void>((resolve) => this.#waiting.push(resolve)), signal);
    }
    throwIfAborted(signal);
  }
}
