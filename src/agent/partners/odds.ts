import type { HolderOdds } from '../../core/placement/durability.ts';
import { REPAIR_WINDOW_DAYS, perYear } from '../../core/placement/durability.ts';
import { blendOdds, priorOdds, storageClassOf } from '../../core/placement/priors.ts';
import type { Standing } from '../../core/partnership/state.ts';
import type { PartnerRecord } from '../network/partner-record.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Chance that a suspect never comes back with its pieces, at the beginning and at the end of its time of grace. Most that fall silent come
 * back soon, so the suspicion grows with the square of the time.
 */
const GONE_AT_FIRST = 0.02;
const GONE_AT_LAST = 0.95;
/** Who sent bytes that do not verify, or nothing after it had heard what to show, most likely lacks more than that. */
const GONE_AFTER_BAD_PROOF = 0.9;
/** Who said lately that it lost pieces has a disk, or a browser, to be wary of. */
const LOST_LATELY_MS = 90 * DAY_MS;
const LOSS_AFTER_LOSS_PER_YEAR = 0.75;

/**
 * What is known of a partner's availability and lasting.
 * @param departures how often partners go without a word here (`silentDeparturesPerYear`)
 */
export function oddsOf(
  record: PartnerRecord,
  graceDays: number,
  now: number,
  departures: number,
): HolderOdds {
  const { availability, lossPerYear } = blendOdds(
    priorOdds(storageClassOf(record.storageClass), departures),
    {
      observedMs: record.watchedMs,
      onlineMs: record.onlineMs,
    },
  );
  const wary = record.lostAt > 0 && now - record.lostAt < LOST_LATELY_MS;
  const known = wary ? 1 - (1 - lossPerYear) * (1 - LOSS_AFTER_LOSS_PER_YEAR) : lossPerYear;
  const gone = chanceOfGone(record.standing, graceDays);
  if (gone === 0) return { availability, lossPerYear: known };
  return { availability, lossPerYear: Math.max(known, perYear(gone, REPAIR_WINDOW_DAYS)) };
}

/** Chance that a partner's pieces are gone for good although it has not reneged. */
function chanceOfGone(standing: Standing, graceDays: number): number {
  if (standing.state !== 'suspect') return 0;
  if (standing.reason !== 'silent') return GONE_AFTER_BAD_PROOF;
  const used = Math.min(1, standing.graceUsedMs / Math.max(1, graceDays * DAY_MS));
  return GONE_AT_FIRST + (GONE_AT_LAST - GONE_AT_FIRST) * used ** 2;
}
