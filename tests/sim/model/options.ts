import type { Code } from '../../../src/core/erasure/codes.ts';
import {
  DAYS_PER_YEAR,
  REPAIR_WINDOW_DAYS,
  TARGET_LOSS_PER_YEAR,
} from '../../../src/core/placement/durability.ts';
import { MEAN_MEMBERSHIP_DAYS } from '../../../src/core/placement/priors.ts';
import type { ScenarioName } from './scenarios.ts';
import { SCENARIOS } from './scenarios.ts';

export interface ModelOptions {
  readonly scenario: ScenarioName;
  readonly devices: number;
  /** simulated days until faults stop */
  readonly days: number;
  /** runs, with seeds `firstSeed`, `firstSeed + 1`, … */
  readonly seeds: number;
  readonly firstSeed: number;
  /** 'random' ignores failure domains: the control */
  readonly placement: 'domains' | 'random';
  /** 'at-once' remakes what is known to be gone as soon as it can; 'lazy' waits for the trigger there, too; 'none' never repairs */
  readonly repair: 'at-once' | 'lazy' | 'none';
  /** objects of each member; all pieces of an object move together, as those of one pack do */
  readonly packs: number;
  readonly partners: number;
  /** bytes of one object: a run of packs whose pieces lie with the same holders */
  readonly objectBytes: number;
  /** mean membership; Infinity when nobody leaves */
  readonly lifetimeDays: number;
  /** yearly loss of data of every class instead of the classes' own, 0 to 1 */
  readonly dataLossPerYear: number | undefined;
  /** how long owners take members to stay when they plan */
  readonly plannedLifetimeDays: number;
  /** target for the loss a year that codes are planned for; the trigger of repair keeps to the design's */
  readonly plannedLossPerYear: number;
  /** days without repair that owners plan for */
  readonly windowDays: number;
  /** share of owners with an appliance of their own that looks after their packs while they are away, 0 to 1 */
  readonly delegates: number;
  /** code of all packs instead of what the planner chooses */
  readonly code: Code | undefined;
}

const GIB = 1 << 30;

/** A scenario, and what is to differ from its defaults. */
export type GivenOptions = Partial<ModelOptions> & { readonly scenario: ScenarioName };

/** The options with what the scenario and the design leave as they are. */
export function modelOptions(given: GivenOptions): ModelOptions {
  const { lifetimeDays } = SCENARIOS[given.scenario];
  return {
    devices: 1000,
    days: DAYS_PER_YEAR,
    seeds: 1,
    firstSeed: 1,
    placement: 'domains',
    repair: 'at-once',
    packs: 4,
    partners: 24,
    objectBytes: GIB,
    lifetimeDays: lifetimeDays ?? MEAN_MEMBERSHIP_DAYS,
    // Owners learn how often partners go (`silentDeparturesPerYear`); here they know from the beginning.
    plannedLifetimeDays: Math.min(MEAN_MEMBERSHIP_DAYS, lifetimeDays ?? MEAN_MEMBERSHIP_DAYS),
    plannedLossPerYear: TARGET_LOSS_PER_YEAR,
    windowDays: REPAIR_WINDOW_DAYS,
    delegates: 0,
    dataLossPerYear: given.scenario === 'calm' ? 0 : undefined,
    code: undefined,
    ...given,
  };
}
