import { DAYS_PER_YEAR, REPAIR_WINDOW_DAYS, perYear, survivalWithin } from './durability.ts';
import type { HolderOdds } from './durability.ts';

export type StorageClass = 'tab' | 'installed' | 'appliance';

interface Prior {
  readonly availability: number;
  /** chance a year that disk, browser or owner destroys what is held */
  readonly dataLossPerYear: number;
}

const PRIORS: Readonly<Record<StorageClass, Prior>> = {
  tab: { availability: 0.35, dataLossPerYear: 0.25 },
  installed: { availability: 0.65, dataLossPerYear: 0.08 },
  appliance: { availability: 0.97, dataLossPerYear: 0.02 },
};

/** Assumed while nothing else was seen: how long members stay on the mean, whatever their class, as studies of such networks found. */
export const MEAN_MEMBERSHIP_DAYS = 365;
/** Assumed: share of those who leave that let their pieces move first. The others are lost like a broken disk. */
export const ORDERLY_DEPARTURES = 0.5;

const DAY_MS = 86_400_000;
/** A prior weighs as much as a week of watching: one whole round of habits. */
const PRIOR_WEIGHT_MS = 7 * DAY_MS;

/** The class a partner tells; what is not known counts as a tab, the least lasting. */
export function storageClassOf(text: string): StorageClass {
  return text === 'installed' || text === 'appliance' ? text : 'tab';
}

/** Members that go without a word, for each member and day. */
const SILENT_DEPARTURES_PER_DAY = (1 - ORDERLY_DEPARTURES) / MEAN_MEMBERSHIP_DAYS;

/**
 * How often partners go without a word here: the assumption, weighing as one departure, drawn towards what was seen. Never below the
 * assumption, since a quiet beginning says little.
 * @param departed partners that fell silent for good
 * @param watchedMs time for which partners were watched, of all together
 * @returns for each partner and year, at least 0.5
 */
export function silentDeparturesPerYear(departed: number, watchedMs: number): number {
  const assumedDays = 1 / SILENT_DEPARTURES_PER_DAY;
  const seen = (1 + departed) / (assumedDays + finiteOrZero(watchedMs) / DAY_MS);
  return DAYS_PER_YEAR * Math.max(SILENT_DEPARTURES_PER_DAY, seen);
}

/**
 * Odds of a holder of which nothing was measured: its class's loss of data, or leaving without a word.
 * @param departures as of `silentDeparturesPerYear`
 */
export function priorOdds(
  storageClass: StorageClass,
  departures = DAYS_PER_YEAR * SILENT_DEPARTURES_PER_DAY,
): HolderOdds {
  const { availability, dataLossPerYear } = PRIORS[storageClass];
  const silentDeparture = -Math.expm1(-departures);
  return { availability, lossPerYear: 1 - (1 - dataLossPerYear) * (1 - silentDeparture) };
}

/**
 * How much oftener partners are lost here than is assumed of their classes: the median of these, so that one broken disk does not count.
 * @returns at least 1
 */
export function lossRatio(
  partners: readonly { readonly odds: HolderOdds; readonly storageClass: StorageClass }[],
): number {
  const ratios = partners
    .map(({ odds, storageClass }) => lossRate(odds) / lossRate(priorOdds(storageClass)))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  return Math.max(1, ratios[(ratios.length - 1) >> 1] ?? 1);
}

/** Losses a year, if they come at any time alike. */
function lossRate({ lossPerYear }: HolderOdds): number {
  return -Math.log1p(-lossPerYear);
}

/**
 * Odds of a suspect where partners are lost `ratio` times as often as assumed. Journeys are as frequent as anywhere, so that silence means
 * a loss as many times oftener (Bayes: the odds of it in one window, times the ratio).
 * @param odds as they are where losses are as frequent as assumed
 */
export function suspectOdds(odds: HolderOdds, ratio: number): HolderOdds {
  if (ratio === 1) return odds;
  const kept = survivalWithin(odds, REPAIR_WINDOW_DAYS);
  const gone = (1 - kept) * ratio;
  return {
    availability: odds.availability,
    lossPerYear: perYear(gone / (gone + kept), REPAIR_WINDOW_DAYS),
  };
}

export interface ObservedPresence {
  /** time for which it was known whether the holder was online, milliseconds */
  readonly observedMs: number;
  readonly onlineMs: number;
}

/**
 * The prior's availability drawn towards what was observed. The yearly loss stays: weeks without a loss say next to nothing
 * about a year, and who wants to be trusted early could earn it too cheaply.
 */
export function blendOdds(prior: HolderOdds, observed: ObservedPresence): HolderOdds {
  const observedMs = finiteOrZero(observed.observedMs);
  const onlineMs = Math.min(observedMs, finiteOrZero(observed.onlineMs));
  const availability = (prior.availability * PRIOR_WEIGHT_MS + onlineMs) / (PRIOR_WEIGHT_MS + observedMs);
  return { availability, lossPerYear: prior.lossPerYear };
}

/** A clock that was set may leave any number behind. */
function finiteOrZero(milliseconds: number): number {
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}
