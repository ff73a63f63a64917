export type ScenarioName =
  | 'calm'
  | 'churn'
  | 'stress'
  | 'lifetime-12'
  | 'lifetime-6'
  | 'lifetime-1'
  | 'family-wipe'
  | 'region-outage'
  | 'eviction-wave'
  | 'owners-away';

/** What happens once, in the middle of a run, to many at the same time. */
export type Blow = 'family-wipe' | 'region-outage' | 'eviction-wave' | 'owners-away';

export interface ModelScenario {
  readonly describe: string;
  /** mean membership in days; the design's 365 when absent */
  readonly lifetimeDays?: number;
  readonly blow?: Blow;
}

/** Each with the members' coming and going of 'churn', unless it says otherwise. */
export const SCENARIOS: Readonly<Record<ScenarioName, ModelScenario>> = {
  calm: { describe: 'nobody leaves or travels, no disk fails', lifetimeDays: Infinity },
  churn: { describe: 'members stay 365 days on the mean' },
  stress: { describe: 'members stay 91 days on the mean', lifetimeDays: 91 },
  'lifetime-12': { describe: 'members stay 12 months on the mean', lifetimeDays: 365 },
  'lifetime-6': { describe: 'members stay 6 months on the mean', lifetimeDays: 183 },
  'lifetime-1': { describe: 'members stay 1 month on the mean', lifetimeDays: 30 },
  'family-wipe': {
    describe: 'the largest browser family loses all it holds within an hour',
    blow: 'family-wipe',
  },
  'region-outage': { describe: '30 % of the neighbourhoods are offline for a week', blow: 'region-outage' },
  'eviction-wave': {
    describe: 'within a week a third of the tabs lose what they hold',
    blow: 'eviction-wave',
  },
  'owners-away': {
    describe:
      'a tenth of the members are away for three months, and nobody repairs for them but their delegates',
    blow: 'owners-away',
  },
};

export function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}
