import { DEAD_AFTER_MS, HEARTBEAT_MS } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** false on a channel that tells by itself when the other end is gone */
  readonly pings: boolean;
}

export interface HeartbeatEvents {
  ping(nonce: number): void;
  /** whether `tick` has anything to look after */
  busy(): boolean;
  /** regular moment for other checks while busy */
  tick(): void;
  /** this device slept, or its timers were held back: whatever was waited for gets its whole time again */
  slept(): void;
  dead(silentMs: number): void;
}

/**
 * Pings and judges silence. Only a ping of ours that stayed unanswered counts: a hidden page's timers fire once a minute while
 * its messages keep flowing, so it answers pings but seldom sends its own. Without pings there is no timer while nothing is asked.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #pings: boolean;
  readonly #events: HeartbeatEvents;
  #heardSincePing = true;
  #pingedAt = 0;
  #tickedAt = 0;
  #nonce = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor({ clock, pings }: HeartbeatOptions, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#pings = pings;
    this.#events = events;
    if (pings) this.wake();
  }

  /** Any message came. */
  heard(): void {
    this.#heardSincePing = true;
  }

  /** There is something to look after. */
  wake(): void {
    if (this.#cancel !== undefined || this.#stopped) return;
    this.#tickedAt = this.#clock.monotonic();
    this.#plan();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #plan(): void {
    this.#cancel = this.#clock.after(HEARTBEAT_MS, () => {
      this.#cancel = undefined;
      if (this.#pings || this.#events.busy()) this.#plan();
      this.#beat();
    });
  }

  #beat(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#tickedAt > 2 * HEARTBEAT_MS;
    this.#tickedAt = now;
    // Answers may be waiting behind this very timer.
    if (late) this.#events.slept();
    if (this.#pings && !this.#alive(now, late)) return;
    if (!late && this.#events.busy()) this.#events.tick();
  }

  #alive(now: number, late: boolean): boolean {
    const silent = now - this.#pingedAt;
    if (late || this.#heardSincePing) this.#ping(now);
    else if (silent >= DEAD_AFTER_MS) {
      this.#events.dead(silent);
      return false;
    }
    return true;
  }

  #ping(now: number): void {
    this.#heardSincePing = false;
    this.#pingedAt = now;
    this.#nonce = (this.#nonce + 1) % 2 ** 32;
    this.#events.ping(this.#nonce);
  }
}
