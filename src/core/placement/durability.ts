import { RoostError } from '../errors.ts';
import { probabilityBelow } from './poisson-binomial.ts';

/** What is known of one holder. */
export interface HolderOdds {
  /** share of the time it is online, 0 to 1 */
  readonly availability: number;
  /** chance that what it holds is gone for good within a year (leaving without a word, disk, eviction), 0 to 1 */
  readonly lossPerYear: number;
}

/** Chance a year that one pack is lost: with a million packs, one of them in a year. */
export const TARGET_LOSS_PER_YEAR = 1e-6;
/**
 * Longest time in which a lost piece may stay unreplaced: 14 days of grace for a silent partner, and ten more in which the owner, who
 * repairs, may be away. With two, the model lost packs of an owner who was
 * away for 18 days (docs/simulation.md).
 */
export const REPAIR_WINDOW_DAYS = 24;

export const DAYS_PER_YEAR = 365;

/**
 * Chance that the holder still has what it holds when the window ends.
 * @throws RoostError 'usage' for odds outside 0 to 1 or a window that is not above 0
 */
export function survivalWithin(holder: HolderOdds, windowDays: number): number {
  const { lossPerYear } = holder;
  if (!(lossPerYear >= 0 && lossPerYear <= 1)) {
    throw new RoostError('usage', `"lossPerYear" must be from 0 to 1, got ${lossPerYear}`);
  }
  if (!(windowDays > 0 && windowDays <= DAYS_PER_YEAR)) {
    throw new RoostError(
      'usage',
      `"windowDays" must be above 0 and at most ${DAYS_PER_YEAR}, got ${windowDays}`,
    );
  }
  return Math.exp((windowDays / DAYS_PER_YEAR) * Math.log1p(-lossPerYear));
}

/** The chance over a year of what has the chance `within` in each window; exact for tiny chances, too. */
export function perYear(within: number, windowDays: number): number {
  return -Math.expm1((DAYS_PER_YEAR / windowDays) * Math.log1p(-within));
}

/** The chance in one window of what has the chance `yearly` over a year: the inverse of `perYear`. */
export function perWindow(yearly: number, windowDays: number): number {
  return -Math.expm1((windowDays / DAYS_PER_YEAR) * Math.log1p(-yearly));
}

/**
 * Chance that fewer than `m` of the holders keep their piece through one window in which nothing is repaired.
 * @throws RoostError 'usage' as `survivalWithin`
 */
export function packLossWithin(
  holders: readonly HolderOdds[],
  m: number,
  windowDays: number = REPAIR_WINDOW_DAYS,
): number {
  return probabilityBelow(
    holders.map((holder) => survivalWithin(holder, windowDays)),
    m,
  );
}

/**
 * Chance that the pack is lost within a year in which it is made whole at the end of each window.
 * @throws RoostError 'usage' as `survivalWithin`
 */
export function packLossPerYear(
  holders: readonly HolderOdds[],
  m: number,
  windowDays: number = REPAIR_WINDOW_DAYS,
): number {
  return perYear(packLossWithin(holders, m, windowDays), windowDays);
}

/**
 * Chance that at least `m` of the holders are online now.
 * @throws RoostError 'usage' for an availability outside 0 to 1
 */
export function restorableNow(holders: readonly HolderOdds[], m: number): number {
  // Counted from the offline side: at least m online is fewer than n - m + 1 offline.
  return probabilityBelow(
    holders.map(({ availability }) => 1 - availability),
    holders.length - m + 1,
  );
}
