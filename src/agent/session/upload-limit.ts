import { KIB } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';

/** With less, a segment each for fifteen partners with two shards under way would take longer than REQUEST_TIMEOUT_MS. */
export const UPLOAD_LEAST_BYTES_PER_SECOND = 64 * KIB;

/** Time that was not used may be made up for: as late as timers are, so that a burst after a pause stays small. */
const MAKE_UP_MS = 50;

/**
 * What this device sends in all sessions together, as its user allows: so many bytes a second of messages, without what the
 * network adds to them. A session waits with one item at a time and all wait in one line, so partners share evenly. Messages
 * without a payload never wait; items that follow wait for them.
 */
export class UploadLimit {
  readonly #clock: Clock;
  #bytesPerSecond: number | undefined;
  #bytesPerMs = Infinity;
  /** when the next byte may go (monotonic) */
  #dueAt = 0;
  #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get bytesPerSecond(): number | undefined {
    return this.#bytesPerSecond;
  }

  /** @param bytesPerSecond undefined lets all through at once */
  set(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#bytesPerMs = bytesPerSecond === undefined ? Infinity : bytesPerSecond / 1000;
    this.#dueAt = this.#clock.monotonic();
    this.#cancelTimer?.();
    this.#serve();
  }

  /** Bytes have gone without waiting. */
  sent(bytes: number): void {
    if (this.#bytesPerMs === Infinity) return;
    this.#dueAt = Math.max(this.#dueAt, this.#clock.monotonic() - MAKE_UP_MS) + bytes / this.#bytesPerMs;
  }

  /** Resolves when bytes may go, undefined when they may at once; either way they count as sent. */
  turn(bytes: number): Promise<void> | undefined {
    if (this.#bytesPerMs === Infinity) return undefined;
    if (this.#waiting.length === 0 && this.#dueAt <= this.#clock.monotonic()) {
      this.sent(bytes);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, go: resolve });
      if (this.#waiting.length === 1) this.#arm();
    });
  }

  #arm(): void {
    const ms = Math.max(0, Math.ceil(this.#dueAt - this.#clock.monotonic()));
    this.#cancelTimer = this.#clock.after(ms, () => this.#serve());
  }

  #serve(): void {
    this.#cancelTimer = undefined;
    while (this.#bytesPerMs === Infinity || this.#dueAt <= this.#clock.monotonic()) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.sent(first.bytes);
      first.go();
    }
    if (this.#waiting.length > 0) this.#arm();
  }
}
