import { DAY_MS, departures } from '../faults.ts';
import type { Fault } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

/** The broker is away for a month, or for half of a shorter run. */
const AWAY_DAYS = 30;
const MEAN_DAYS = 365;

export const brokerAbsent: Scenario = {
  name: 'broker-absent',
  describe: 'The broker is away for a month and comes back having forgotten everything.',
  faults: (plan) => {
    const { days } = plan;
    const forMs = Math.round(Math.min(AWAY_DAYS, days / 2) * DAY_MS);
    const at = Math.round((days / 4) * DAY_MS);
    const away: Fault = { at, kind: 'broker-down', forMs };
    const forgets: Fault = { at: at + forMs + 1, kind: 'broker-forget' };
    return [away, forgets, ...departures(plan, MEAN_DAYS)];
  },
};
