import { dataLosses, departures, scattered } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

/** Mean membership among strangers who come and go. */
const MEAN_DAYS = 91;
const CRASH_DAYS = 30;
const ROT_DAYS = 60;
const FULL_DAYS = 120;
const FULL_MS = 3 * 24 * 3_600_000;

export const stress: Scenario = {
  name: 'stress',
  describe: 'Members stay 91 days on average, and devices crash, rot and fill up besides.',
  faults: (plan) => [
    ...departures(plan, MEAN_DAYS),
    ...dataLosses(plan),
    ...scattered(plan, 'crash', CRASH_DAYS, (at, slot) => ({ at, kind: 'crash', slot })),
    ...scattered(plan, 'rot', ROT_DAYS, (at, slot) => ({ at, kind: 'rot', slot })),
    ...scattered(plan, 'full', FULL_DAYS, (at, slot) => ({ at, kind: 'full-disk', slot, forMs: FULL_MS })),
  ],
};
