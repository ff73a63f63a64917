import type { DeviceId } from '../../core/ids.ts';
import type { Standing, StandingEvent } from '../../core/partnership/state.ts';
import { nextStanding } from '../../core/partnership/state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { PartnerBook } from '../network/partner-book.ts';
import { standingTerms } from './patience.ts';

/** A partner went from one state to another, or its reason changed. */
export interface Transition {
  readonly device: DeviceId;
  readonly from: Standing;
  readonly to: Standing;
}

export interface StandingsParts {
  readonly records: PartnerBook;
  readonly agreements: AgreementBook;
  readonly clock: Clock;
  readonly onTransition: (transition: Transition) => void;
}

/** Where each partner stands; every event about one passes here, and every transition is told. */
export class Standings {
  readonly #parts: StandingsParts;

  constructor(parts: StandingsParts) {
    this.#parts = parts;
  }

  of(device: DeviceId): Standing {
    return this.#parts.records.get(device).standing;
  }

  apply(device: DeviceId, event: StandingEvent): void {
    const { records, agreements, clock, onTransition } = this.#parts;
    // A delegate may know a holder by its owner's agreements alone.
    const ruling =
      agreements.with(device)[0] ?? agreements.adopted().find(({ theirs }) => theirs.device === device);
    if (ruling === undefined) return;
    const record = records.get(device);
    const terms = standingTerms(record.storageClass, ruling.agreement.graceDays);
    const from = record.standing;
    const next = nextStanding(from, event, terms, clock.now());
    const to = next.reason === 'reneged-silent' && this.#isReplaced(ruling) ? lostDevice(next) : next;
    if (to === from) return;
    const changed = to.state !== from.state || to.reason !== from.reason;
    // Counters of time are noted only: they change with every look at the clock.
    if (!changed) {
      records.note(device, { standing: to });
      return;
    }
    records.update(device, {
      standing: to,
      ...(to.state === 'reneged' ? { told: false } : {}),
      // What it had of us it has no more.
      ...(to.state === 'evicted' ? { headSeq: 0 } : {}),
    });
    onTransition({ device, from, to });
  }

  /** Another device of the account is a partner in good standing: the silent one was lost and replaced, and nobody reneged. */
  #isReplaced({ theirs }: BookEntry): boolean {
    const { agreements, records } = this.#parts;
    return agreements
      .ruling()
      .some(
        (entry) =>
          entry.theirs.account === theirs.account &&
          entry.theirs.device !== theirs.device &&
          entry.endedAt === 0 &&
          records.get(entry.theirs.device).standing.state === 'active',
      );
  }
}

function lostDevice(standing: Standing): Standing {
  return { ...standing, state: 'evicted', reason: 'evicted' };
}
