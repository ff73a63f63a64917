import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../ports/log.ts';

/** Listeners of one event; one that throws does not keep the others from being called. */
export class Handlers<Arguments extends readonly unknown[]> {
  readonly #log: Log;
  readonly #handlers = new Set<(...values: Arguments) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @returns a function that takes the handler away */
  add(handler: (...values: Arguments) => void): () => void {
    // A wrapper, so that adding one function twice gives two listeners.
    const own = (...values: Arguments): void => handler(...values);
    this.#handlers.add(own);
    return () => this.#handlers.delete(own);
  }

  call(...values: Arguments): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(...values);
      } catch (error) {
        this.#log.error('handler', { message: messageOf(error) });
      }
    }
  }
}
