import type { AgreementId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';

/** What a partner said of its room is good for so long: only we take from it, and who is full all the same says so. */
const FRESH_MS = 8 * 24 * 3_600_000;
/** Agreements of which it is remembered; the longest remembered is forgotten first. */
const ROOMS_MAX = 1024;

/** What partners have left for us beside what they hold, by the agreement that rules. */
export class Rooms {
  readonly #clock: Clock;
  readonly #rooms = new Map<AgreementId, { left: number; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes what a partner said, in bytes. */
  note(agreement: AgreementId, left: number): void {
    this.#rooms.delete(agreement);
    this.#rooms.set(agreement, { left, at: this.#clock.monotonic() });
    const [oldest] = this.#rooms.keys();
    if (this.#rooms.size > ROOMS_MAX && oldest !== undefined) this.#rooms.delete(oldest);
  }

  /** Sets bytes aside for a run. @returns false when it is not known that there are so many: the partner is to be asked */
  take(agreement: AgreementId, bytes: number): boolean {
    const room = this.#rooms.get(agreement);
    if (room === undefined || room.left < bytes || this.#clock.monotonic() - room.at >= FRESH_MS)
      return false;
    room.left -= bytes;
    return true;
  }
}
