import { RoostError } from '../../core/errors.ts';
import {
  ITEM_MAX_BYTES,
  WINDOW_FIRST_BYTES,
  WINDOW_MAX_BYTES,
  WINDOW_START_BYTES,
  WINDOW_TOTAL_BYTES,
} from '../../core/wire/limits.ts';

/**
 * The windows that this end grants to all streams of one session. They start small and double as whole windows are taken,
 * so a cold connection is not filled at once and a long one is not starved; their sum is bounded.
 */
export class WindowBudget {
  #window = WINDOW_START_BYTES;
  #takenSinceGrowth = 0;
  /** credit out and bytes held, over all streams */
  #outstanding = 0;

  /** Credit that a new stream gets at once. */
  get window(): number {
    return this.#window;
  }

  /** Bytes that may still be granted in all. */
  get left(): number {
    return WINDOW_TOTAL_BYTES - this.#outstanding;
  }

  reserve(bytes: number): void {
    this.#outstanding += bytes;
  }

  release(bytes: number): void {
    this.#outstanding -= bytes;
  }

  /** Bytes were worked off: after each whole window the next may be twice as large. */
  taken(bytes: number): void {
    this.#takenSinceGrowth += bytes;
    if (this.#takenSinceGrowth < this.#window) return;
    this.#takenSinceGrowth = 0;
    this.#window = Math.min(WINDOW_MAX_BYTES, this.#window * 2);
  }
}

/** Credit of one incoming stream. */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  #credit: number;
  #held = 0;
  #closed = false;

  /** @param credit what the other side may send before the first grant */
  constructor(budget: WindowBudget, credit: number) {
    this.#budget = budget;
    this.#credit = credit;
    budget.reserve(credit);
  }

  /** The credit of a stream that begins now: as much as was learned, as far as the budget goes. */
  static opening(budget: WindowBudget): number {
    const learned = Math.max(budget.window, WINDOW_FIRST_BYTES);
    return Math.max(WINDOW_START_BYTES, Math.min(learned, budget.left));
  }

  /** @throws RoostError 'malformed' when the other side had no credit for so much */
  received(bytes: number): void {
    if (bytes > this.#credit) {
      throw new RoostError('malformed', `item must fit the credit of ${this.#credit} bytes, got ${bytes}`);
    }
    this.#credit -= bytes;
    this.#held += bytes;
  }

  /** Bytes were worked off. Returns the credit to grant now, 0 for none yet. */
  taken(bytes: number): number {
    if (this.#closed) return 0;
    this.#held -= bytes;
    this.#budget.release(bytes);
    this.#budget.taken(bytes);
    return this.grant();
  }

  /** Credit to grant now so that the stream keeps flowing; 0 while the other side has enough. */
  grant(): number {
    const window = this.#budget.window;
    const scarce = this.#credit < ITEM_MAX_BYTES;
    if (this.#closed || (!scarce && this.#credit > window / 2)) return 0;
    const room = window - this.#credit - this.#held;
    // Without one item's credit the stream would stand still for ever, so that much goes beyond the budget.
    const least = scarce && this.#held === 0 ? ITEM_MAX_BYTES - this.#credit : 0;
    const granted = Math.max(least, Math.min(room, this.#budget.left));
    if (granted <= 0) return 0;
    this.#credit += granted;
    this.#budget.reserve(granted);
    return granted;
  }

  /** Credit to grant now so that the other side has `bytes` of it. */
  widen(bytes: number): number {
    const granted = Math.min(bytes - this.#credit, this.#budget.left);
    if (this.#closed || granted <= 0) return 0;
    this.#credit += granted;
    this.#budget.reserve(granted);
    return granted;
  }

  /** The stream has ended; items under way may still be judged by `received`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.release(this.#credit + this.#held);
  }
}
