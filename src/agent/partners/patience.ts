import type { StandingTerms } from '../../core/partnership/state.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Silence that is nothing unusual: a tab is closed over a long weekend, a notebook over a short one, an appliance hardly ever. */
const PATIENCE_MS: Readonly<Record<string, number>> = {
  appliance: HOUR_MS,
  installed: 2 * DAY_MS,
  tab: 4 * DAY_MS,
};
/** Of a device that has not told its kind yet. */
const PATIENCE_UNKNOWN_MS = 2 * DAY_MS;

/** How long a partner may be silent before it is suspect, and suspect before it has reneged. */
export function standingTerms(storageClass: string, graceDays: number): StandingTerms {
  return { patienceMs: PATIENCE_MS[storageClass] ?? PATIENCE_UNKNOWN_MS, graceMs: graceDays * DAY_MS };
}
