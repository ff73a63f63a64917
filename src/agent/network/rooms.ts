import type { AgreementId, DeviceId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PartnerBook } from './partner-book.ts';

/** What a partner said of its room is good for so long: only we take from it, and who is full all the same says so. */
const FRESH_MS = 8 * 24 * 3_600_000;

/** What partners have left for us beside what they hold, by the agreement that rules. Remembered over restarts. */
export class Rooms {
  readonly #clock: Clock;
  readonly #records: PartnerBook;

  constructor(clock: Clock, records: PartnerBook) {
    this.#clock = clock;
    this.#records = records;
  }

  /** Notes what a partner said, in bytes. */
  note(device: DeviceId, agreement: AgreementId, left: number): void {
    this.#records.note(device, { room: { agreement, left, at: this.#clock.now() } });
  }

  /** Sets bytes aside for a run. @returns false when it is not known that there are so many: the partner is to be asked */
  take(device: DeviceId, agreement: AgreementId, bytes: number): boolean {
    const { room } = this.#records.get(device);
    if (room?.agreement !== agreement || room.left < bytes) return false;
    const age = this.#clock.now() - room.at;
    if (age < 0 || age >= FRESH_MS) return false;
    this.#records.note(device, { room: { ...room, left: room.left - bytes } });
    return true;
  }
}
