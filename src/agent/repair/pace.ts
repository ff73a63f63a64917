import { MIB, PACK_MAX_BYTES } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';

/** What repair in the background takes of a line: a tenth of a slow one, so that nobody notices. */
export const REPAIR_BYTES_PER_SECOND = 1 * MIB;

/** Lets bytes through at a steady rate: a bucket that fills with time and holds one pack. Who takes more than is in it waits for the debt. */
export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  #bytes = PACK_MAX_BYTES;
  #filledAt: number;

  /** @param bytesPerSecond Infinity lets all through at once */
  constructor(clock: Clock, bytesPerSecond: number = REPAIR_BYTES_PER_SECOND) {
    this.#clock = clock;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#filledAt = clock.monotonic();
  }

  /** Resolves when `bytes` may be moved. @throws RoostError 'aborted' */
  async take(bytes: number, signal: AbortSignalLike | undefined): Promise<void> {
    if (this.#bytesPerMs === Infinity) return;
    const now = this.#clock.monotonic();
    this.#bytes = Math.min(PACK_MAX_BYTES, this.#bytes + (now - this.#filledAt) * this.#bytesPerMs) - bytes;
    this.#filledAt = now;
    if (this.#bytes >= 0) return;
    await this.#clock.sleep(Math.ceil(-this.#bytes / this.#bytesPerMs), signal ? { signal } : {});
  }
}
