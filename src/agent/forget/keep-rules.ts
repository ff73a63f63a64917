import type { SnapshotId } from '../../core/ids.ts';
import type { Snapshot } from '../../core/snapshot/types.ts';
import type { KeepRules } from '../api.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday; weeks begin on Monday as in ISO 8601. */
const MONDAY_OFFSET_DAYS = 3;

/** Which period a moment (UTC) belongs to; the newest snapshot of a period is the one kept. */
const PERIODS: readonly { readonly rule: keyof KeepRules; readonly of: (ms: number) => number }[] = [
  { rule: 'hourly', of: (ms) => Math.floor(ms / HOUR_MS) },
  { rule: 'daily', of: (ms) => Math.floor(ms / DAY_MS) },
  { rule: 'weekly', of: (ms) => Math.floor((Math.floor(ms / DAY_MS) + MONDAY_OFFSET_DAYS) / 7) },
  { rule: 'monthly', of: (ms) => monthOf(ms) },
  { rule: 'yearly', of: (ms) => Math.floor(monthOf(ms) / 12) },
];

/** The snapshots that the rules keep, as restic and Borg count: per rule the newest of each of the last N periods that have one. */
export function snapshotsToKeep(snapshots: readonly Snapshot[], rules: KeepRules): ReadonlySet<SnapshotId> {
  const newestFirst = [...snapshots].sort((a, b) => b.startedAt - a.startedAt);
  const keep = new Set(newestFirst.slice(0, rules.last ?? 0).map(({ id }) => id));
  for (const { rule, of } of PERIODS) {
    const seen = new Set<number>();
    for (const { id, startedAt } of newestFirst) {
      if (seen.size >= (rules[rule] ?? 0)) break;
      const period = of(startedAt);
      if (seen.has(period)) continue;
      seen.add(period);
      keep.add(id);
    }
  }
  return keep;
}

/** Months since year 0 in UTC, by the civil-from-days algorithm (Howard Hinnant), since core and agent have no Date. */
function monthOf(ms: number): number {
  const days = Math.floor(ms / DAY_MS) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return year * 12 + month - 1;
}
