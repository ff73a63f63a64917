import { DEAD_AFTER_MS, HEARTBEAT_MS } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';

export interface HeartbeatEvents {
  ping(nonce: number): void;
  /** regular moment for other checks */
  tick(): void;
  /** this device slept, or its timers were held back: whatever was waited for gets its whole time again */
  slept(): void;
  dead(silentMs: number): void;
}

/**
 * Pings and judges silence. Only a ping of ours that stayed unanswered counts: a hidden page's timers fire once a minute while
 * its messages keep flowing, so it answers pings but seldom sends its own.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #events: HeartbeatEvents;
  #heardSincePing = true;
  #pingedAt = 0;
  #tickedAt: number;
  #nonce = 0;
  #stop: () => void;

  constructor(clock: Clock, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#tickedAt = clock.monotonic();
    this.#stop = this.#plan();
  }

  /** Any message came. */
  heard(): void {
    this.#heardSincePing = true;
  }

  stop(): void {
    this.#stop();
  }

  #plan(): () => void {
    return this.#clock.after(HEARTBEAT_MS, () => {
      this.#stop = this.#plan();
      this.#beat();
    });
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#tickedAt > 2 * HEARTBEAT_MS;
    this.#tickedAt = now;
    if (late) {
      // Answers may be waiting behind this very timer.
      this.#events.slept();
      this.#ping(now);
      return;
    }
    const silent = now - this.#pingedAt;
    if (this.#heardSincePing) this.#ping(now);
    else if (silent >= DEAD_AFTER_MS) {
      this.#events.dead(silent);
      return;
    }
    this.#events.tick();
  }

  #ping(now: number): void {
    this.#heardSincePing = false;
    this.#pingedAt = now;
    this.#nonce = (this.#nonce + 1) % 2 ** 32;
    this.#events.ping(this.#nonce);
  }
}
