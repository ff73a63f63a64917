/**
 * How long code keeps its thread before others have their turn. A screen is drawn every 16 ms, and a task counts as long from 50 ms on, of
 * which the last step of a turn may take some.
 */
export const TURN_MS = 8;

/** Divides the work of a thread by the clock. One for all code of a thread: loops that go on in one task share its time. */
export class Turns {
  readonly #monotonic: () => number;
  readonly #nextTask: () => Promise<void>;
  #beganAt: number;
  #next: Promise<void> | undefined;

  /** @param nextTask resolves in a later task of the event loop, after those that wait already */
  constructor(monotonic: () => number, nextTask: () => Promise<void>) {
    this.#monotonic = monotonic;
    this.#nextTask = nextTask;
    this.#beganAt = monotonic();
  }

  /** undefined while there is time left in this turn, otherwise resolves at the beginning of the next. */
  readonly pass = (): Promise<void> | undefined => {
    if (this.#monotonic() - this.#beganAt < TURN_MS) return undefined;
    this.#next ??= this.#nextTask().then(() => {
      this.#beganAt = this.#monotonic();
      this.#next = undefined;
    });
    return this.#next;
  };
}
