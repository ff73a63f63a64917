import { parseArgs } from 'node:util';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { DAYS_PER_YEAR } from '../../../src/core/placement/durability.ts';
import type { GivenOptions } from './options.ts';
import { SCENARIOS, isScenario } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';

/** Reads the command line of main.ts. @throws RoostError 'usage' */
export function modelArguments(args: readonly string[]): {
  readonly runs: readonly GivenOptions[];
  readonly json: boolean;
} {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', default: 'churn' },
      devices: { type: 'string' },
      years: { type: 'string' },
      days: { type: 'string' },
      seeds: { type: 'string' },
      'first-seed': { type: 'string' },
      placement: { type: 'string', default: 'domains' },
      repair: { type: 'string', default: 'at-once' },
      delegates: { type: 'string' },
      'window-days': { type: 'string' },
      'planned-loss': { type: 'string' },
      'planned-days': { type: 'string' },
      partners: { type: 'string' },
      packs: { type: 'string' },
      code: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const years = optional('years', values.years);
  const options = defined({
    devices: optional('devices', values.devices),
    days: years === undefined ? optional('days', values.days) : years * DAYS_PER_YEAR,
    seeds: optional('seeds', values.seeds),
    firstSeed: optional('first-seed', values['first-seed']),
    placement: oneOf('placement', values.placement, ['domains', 'random']),
    repair: oneOf('repair', values.repair, ['at-once', 'lazy', 'none']),
    delegates: optional('delegates', values.delegates),
    windowDays: optional('window-days', values['window-days']),
    plannedLossPerYear: optional('planned-loss', values['planned-loss']),
    plannedLifetimeDays: optional('planned-days', values['planned-days']),
    partners: optional('partners', values.partners),
    packs: optional('packs', values.packs),
    code: values.code === undefined ? undefined : parseCode(values.code),
  });
  return {
    runs: scenariosOf(values.scenario).map((scenario) => ({ ...options, scenario })),
    json: values.json,
  };
}

function scenariosOf(name: string): readonly ScenarioName[] {
  if (name === 'all') return Object.keys(SCENARIOS).filter(isScenario);
  if (isScenario(name)) return [name];
  throw new RoostError(
    'usage',
    `--scenario must be all or one of ${Object.keys(SCENARIOS).join(', ')}, got "${name}"`,
  );
}

function optional(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new RoostError('usage', `--${name} must be a number from 0, got "${text}"`);
  }
  return value;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((known) => known === text);
  if (found === undefined)
    throw new RoostError('usage', `--${name} must be one of ${allowed.join(', ')}, got "${text}"`);
  return found;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the entries that are undefined, so that defaults hold. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
