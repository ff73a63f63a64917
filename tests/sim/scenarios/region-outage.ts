import { DAY_MS, dataLosses, departures } from '../faults.ts';
import type { Fault } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

const OUTAGE_MS = 5 * DAY_MS;
const MEAN_DAYS = 365;
/** minutes east of UTC: Europe */
const REGION = new Set([0, 60]);

export const regionOutage: Scenario = {
  name: 'region-outage',
  describe:
    'For five days all devices of one region (half of all) reach only each other; ordinary churn besides.',
  faults: (plan) => {
    const slots = plan.profiles.filter(({ zone }) => REGION.has(zone)).map(({ slot }) => slot);
    const at = Math.round((plan.days / 3) * DAY_MS);
    const outage: Fault = { at, kind: 'partition', slots, forMs: OUTAGE_MS };
    return [outage, ...departures(plan, MEAN_DAYS), ...dataLosses(plan)];
  },
};
