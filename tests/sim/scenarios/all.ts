import type { Scenario } from '../scenario.ts';
import { brokerAbsent } from './broker-absent.ts';
import { churn } from './churn.ts';
import { clockJumps } from './clock-jumps.ts';
import { evictionWave } from './eviction-wave.ts';
import { familyWipe } from './family-wipe.ts';
import { regionOutage } from './region-outage.ts';
import { stress } from './stress.ts';

/** Every scenario that can be named on the command line. */
export const SCENARIOS: readonly Scenario[] = [
  churn,
  stress,
  familyWipe,
  regionOutage,
  brokerAbsent,
  clockJumps,
  evictionWave,
];
