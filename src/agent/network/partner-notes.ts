import type { DeviceId } from '../../core/ids.ts';
import type { PartnerBook } from './partner-book.ts';

/** Smaller pieces tell how long the line is, not how fast. */
const MEASURED_MIN_BYTES = 32 * 1024;
/** Part of the mean that one more piece makes up. */
const NEWEST_SHARE = 0.2;

/** What runs learn of partners beside their work. */
export class PartnerNotes {
  readonly #records: PartnerBook;

  constructor(records: PartnerBook) {
    this.#records = records;
  }

  /** It refused a piece: what it said of its agreements and its room holds no longer. */
  doubt(device: DeviceId): void {
    this.#records.update(device, { comparedAt: 0, room: undefined });
  }

  /** It stored a piece of so many bytes in this time, from the first byte sent to its acknowledgement. */
  stored(device: DeviceId, bytes: number, ms: number): void {
    if (bytes < MEASURED_MIN_BYTES) return;
    const { bandwidth } = this.#records.get(device);
    const measured = (1000 * bytes) / Math.max(1, ms);
    this.#records.note(device, {
      bandwidth: bandwidth === 0 ? measured : bandwidth + NEWEST_SHARE * (measured - bandwidth),
    });
  }

  /** Number of our newest head that it took; 0 before the first. */
  headOf(device: DeviceId): number {
    return this.#records.get(device).headSeq;
  }

  /** It took our head of this number. */
  headTaken(device: DeviceId, seq: number): void {
    this.#records.note(device, { headSeq: seq });
  }
}
