import { DAYS_PER_YEAR } from '../../../src/core/placement/durability.ts';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';
import { MEAN_MEMBERSHIP_DAYS, ORDERLY_DEPARTURES, priorOdds } from '../../../src/core/placement/priors.ts';
import type { StorageClass } from '../../../src/core/placement/priors.ts';

/** Classes of devices by number: tab, installed, appliance. */
export const CLASSES: readonly StorageClass[] = ['tab', 'installed', 'appliance'];
export const TAB = 0;
export const APPLIANCE = 2;

/** Share of the classes among members. */
export const CLASS_SHARES: readonly number[] = [0.6, 0.3, 0.1];
/** Yearly chance that disk, browser or owner destroys what is held. */
export const DATA_LOSS_PER_YEAR: readonly number[] = [0.25, 0.08, 0.02];
/** Share of the time a device of the class is online. */
export const AVAILABILITY: readonly number[] = [0.35, 0.65, 0.97];
/** Hours of silence that are nothing unusual. */
export const PATIENCE_HOURS: readonly number[] = [48, 24, 1];
/** Pieces a device takes, as a multiple of those that its own packs have elsewhere: servers have room. */
export const ROOM: readonly number[] = [1.2, 2, 6];

export const FAMILIES: readonly string[] = ['chromium', 'firefox', 'webkit', 'nodejs'];
/** The largest family of browsers. */
export const CHROMIUM = 0;
/** Share of the families in each class. */
export const FAMILY_SHARES: readonly (readonly number[])[] = [
  [0.6, 0.2, 0.2, 0],
  [0.5, 0, 0.2, 0.3],
  [0, 0, 0, 1],
];

/** Hours by which days begin later, and the share of members who live there. */
export const ZONE_HOURS: readonly number[] = [0, 1, 6];
export const ZONE_SHARES: readonly number[] = [0.6, 0.25, 0.15];

/** Members of one neighbourhood on the mean. */
export const NEIGHBOURHOOD_MEMBERS = 4;
/** Members let in directly by the founder; everybody else was let in by one of them or by somebody below. */
export const FOUNDERS_GUESTS = 50;

/** The number of the share into which a fraction falls. */
export function pick(shares: readonly number[], fraction: number): number {
  let left = fraction;
  for (let i = 0; i < shares.length - 1; i++) {
    left -= shares[i]!;
    if (left < 0) return i;
  }
  return shares.length - 1;
}

/** Odds of each class that owners plan with, when they take members to stay so long on the mean. */
export function plannedOdds(lifetimeDays: number): readonly HolderOdds[] {
  const further = (1 - ORDERLY_DEPARTURES) * DAYS_PER_YEAR * (1 / lifetimeDays - 1 / MEAN_MEMBERSHIP_DAYS);
  return CLASSES.map((name) => {
    const { availability, lossPerYear } = priorOdds(name);
    return { availability, lossPerYear: 1 - (1 - lossPerYear) * Math.exp(-further) };
  });
}
