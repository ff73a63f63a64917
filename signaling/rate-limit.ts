import type { Rate } from './limits.ts';

interface Level {
  tokens: number;
  at: number;
}

/** Above this many keys the full buckets are forgotten: they say nothing. */
const KEYS_MAX = 100_000;

/** Token buckets by key (an address, a device). */
export class RateLimit {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #levels = new Map<string, Level>();

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes one token; false when there is none. */
  take(key: string): boolean {
    const now = this.#now();
    let level = this.#levels.get(key);
    if (level === undefined) {
      if (this.#levels.size >= KEYS_MAX) this.#forgetFull(now);
      level = { tokens: this.#rate.burst, at: now };
      this.#levels.set(key, level);
    }
    level.tokens = this.#refilled(level, now);
    level.at = now;
    if (level.tokens < 1) return false;
    level.tokens -= 1;
    return true;
  }

  #refilled(level: Level, now: number): number {
    const seconds = Math.max(0, now - level.at) / 1000;
    return Math.min(this.#rate.burst, level.tokens + seconds * this.#rate.perSecond);
  }

  #forgetFull(now: number): void {
    for (const [key, level] of this.#levels) {
      if (this.#refilled(level, now) >= this.#rate.burst) this.#levels.delete(key);
    }
    // Somebody fills the table on purpose: starting over is cheaper than growing without bound.
    if (this.#levels.size >= KEYS_MAX) this.#levels.clear();
  }
}
