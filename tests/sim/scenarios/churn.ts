import { dataLosses, departures } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

/** Mean membership in a cooperative of people who know each other. */
const MEAN_DAYS = 365;

export const churn: Scenario = {
  name: 'churn',
  describe: 'People come and go, devices are on and off, some lose all their data: an ordinary year.',
  faults: (plan) => [...departures(plan, MEAN_DAYS), ...dataLosses(plan)],
};
