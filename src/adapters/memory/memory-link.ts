import type { Bytes } from '../../core/bytes.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How a link carries messages; read anew for each message, so it may change at any time. */
export interface LinkSpeed {
  /** one way */
  readonly latencyMs: number;
  readonly bytesPerSecond: number;
}

/** One direction of a channel: ordered, reliable, with latency and speed; it can be stalled and go on later. */
export class MemoryLink {
  readonly #clock: VirtualClock;
  readonly #speed: () => LinkSpeed;
  readonly #deliver: (message: Bytes) => void;
  #leftAt = 0;
  #arrivedAt = 0;
  /** messages that wait for a timer; while there are any, none may overtake them */
  #timed = 0;
  #stalled = false;
  #held: Bytes[] = [];

  constructor(clock: VirtualClock, speed: () => LinkSpeed, deliver: (message: Bytes) => void) {
    this.#clock = clock;
    this.#speed = speed;
    this.#deliver = deliver;
  }

  transmit(message: Bytes, left: () => void): void {
    const { latencyMs, bytesPerSecond } = this.#speed();
    const now = this.#clock.monotonic();
    this.#leftAt = Math.max(now, this.#leftAt) + (1000 * message.length) / bytesPerSecond;
    this.#arrivedAt = Math.max(this.#leftAt + latencyMs, this.#arrivedAt);
    if (this.#arrivedAt <= now && this.#timed === 0) {
      void Promise.resolve().then(() => {
        left();
        this.#arrive(message);
      });
      return;
    }
    this.#timed++;
    this.#clock.after(this.#leftAt - now, left);
    this.#clock.after(this.#arrivedAt - now, () => {
      this.#timed--;
      this.#arrive(message);
    });
  }

  /** Holds what arrives until `resume`. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.#deliver(message);
  }

  /** Nothing arrives any more. */
  drop(): void {
    this.#stalled = true;
    this.#held = [];
  }

  /** Calls back after everything sent so far has arrived. */
  afterAll(callback: () => void): void {
    const wait = this.#arrivedAt - this.#clock.monotonic();
    if (this.#timed > 0) this.#clock.after(Math.max(0, wait), callback);
    else void Promise.resolve().then(callback);
  }

  #arrive(message: Bytes): void {
    if (this.#stalled) this.#held.push(message);
    else this.#deliver(message);
  }
}
