import type { Bytes } from '../../core/bytes.ts';
import { storageClassOf } from '../../core/placement/priors.ts';
import type { DeviceTraits, OurFacts } from '../../core/placement/score.ts';
import { scoreCandidate } from '../../core/placement/score.ts';
import type { WeekHistogram } from '../../core/placement/schedule.ts';
import { decodeWeek } from '../../core/placement/schedule.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';
import type { DirectoryEntry } from '../../ports/rendezvous.ts';
import type { PartnerBook } from './partner-book.ts';

/** Members that a candidate may have reneged on lately: one may have been bad luck. */
const RENEGED_MAX = 1;
/** Who reneged on us is not asked again for so long. */
const SHUNNED_MS = 180 * 24 * 3_600_000;
/** Below this a restore of a gigabyte takes a day. */
const BANDWIDTH_MIN_BYTES = 16 * 1024;

export interface RankingSources {
  readonly now: number;
  readonly self: DeviceId;
  readonly zone: number;
  /** our own listing, as the broker shows it */
  readonly own: DirectoryEntry | undefined;
  readonly listed: (device: DeviceId) => DirectoryEntry | undefined;
  readonly records: PartnerBook;
  /** devices that are partners already */
  readonly partners: readonly DeviceId[];
  /** bytes we look for at each, and bytes we can still give */
  readonly wanted: number;
  readonly free: number;
  /** distinct members that an account reneged on lately, by signed reports */
  readonly renegedOn: (account: AccountId) => number;
}

/** Whether a device reneged on us lately: nothing is agreed with it, whoever asks. */
export function isShunned(records: PartnerBook, device: DeviceId, now: number): boolean {
  const { state, since } = records.get(device).standing;
  return state === 'reneged' && now - since <= SHUNNED_MS;
}

/** Whether a device may be asked at all: not who reneged on us lately, nor who is on its time of grace or leaving. */
export function mayBeAsked(records: PartnerBook, device: DeviceId, now: number): boolean {
  const { state } = records.get(device).standing;
  switch (state) {
    case 'active':
    case 'evicted':
      return true;
    case 'suspect':
    case 'leaving':
      return false;
    case 'reneged':
      return !isShunned(records, device, now);
    default:
      return state satisfies never;
  }
}

/** Scores devices of the directory as partners, 0 to 1; 0 for one that is out of the question. */
export function candidateRanking(
  sources: RankingSources,
): (entry: DirectoryEntry, account: AccountId) => number {
  const { self, own, zone, records, listed, partners, wanted, free, renegedOn } = sources;
  const traits = (entry: DirectoryEntry): DeviceTraits => {
    return {
      neighbourhood: entry.neighbourhood,
      zone: entry.zone,
      family: entry.family,
      system: entry.system,
      schedule: weekOf(records.get(entry.device).hours),
    };
  };
  const ours: OurFacts = {
    neighbourhood: own?.neighbourhood,
    zone,
    schedule: undefined,
    chosen: partners.flatMap((device) => {
      const entry = listed(device);
      return entry === undefined ? [] : [traits(entry)];
    }),
    free,
    wanted,
    bandwidthMin: BANDWIDTH_MIN_BYTES,
    renegedMax: RENEGED_MAX,
  };
  return (entry, account) =>
    taste(self, entry.device) *
    scoreCandidate(
      {
        ...traits(entry),
        storageClass: storageClassOf(entry.storageClass),
        bandwidth: records.get(entry.device).bandwidth || undefined,
        // A listing may be old, and who is full says so itself: it comes last, and is not left out.
        free: Math.max(1, entry.free),
        wanted: 0,
        reneged: renegedOn(account),
        reliability: entry.reliability,
      },
      ours,
    );
}

/** Weeks read, as long as they are on record: all members are ranked in each search. */
const weeks = new WeakMap<Bytes, WeekHistogram>();

function weekOf(hours: Bytes): WeekHistogram | undefined {
  if (hours.length === 0) return undefined;
  const week = weeks.get(hours) ?? decodeWeek(hours);
  weeks.set(hours, week);
  return week;
}

/** Among candidates that are nearly alike each device prefers others, so that not everybody turns to the same few. */
const TASTE = 0.2;

function taste(self: DeviceId, other: DeviceId): number {
  const mixed = Math.imul(
    Number.parseInt(self.slice(0, 8), 16) ^ Number.parseInt(other.slice(0, 8), 16),
    0x9e3779b1,
  );
  return 1 - TASTE * ((mixed >>> 0) / 2 ** 32);
}
