import type { Bytes } from '../../core/bytes.ts';
import type { RoostError } from '../../core/errors.ts';

/** Items of an incoming payload, waiting for their turn; bounded by the credit that was given for them. */
export class ItemQueue {
  #items: Bytes[] = [];
  #stopped: RoostError | undefined;
  #waiter: { resolve(item: Bytes): void; reject(error: RoostError): void } | undefined;

  /** Whether the other side's next item is awaited. */
  get waiting(): boolean {
    return this.#waiter !== undefined;
  }

  push(item: Bytes): void {
    if (this.#stopped !== undefined) return;
    if (this.#waiter === undefined) {
      this.#items.push(item);
      return;
    }
    this.#waiter.resolve(item);
    this.#waiter = undefined;
  }

  /** The next item; one caller at a time. Rejects with the reason once stopped. */
  next(): Promise<Bytes> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  stop(error: RoostError): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = error;
    this.#items = [];
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}
