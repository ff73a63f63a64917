// Runs the agent that ships in a simulated cooperative, for as many days as are wanted.
//
//   npm run sim -- --scenario churn --devices 100 --days 365 --seed 7
//
//   npm run sim -- --model …                      the abstract model instead; its flags are in model/command.ts
//
//   --scenario NAME     one of scenarios/; without it all are listed
//   --devices N         100 when left out            --days N      30 when left out
//   --seed TEXT         1 when left out
//   --faults LIST       only these faults of the run happen, as 0-4,7 or none
//   --crypto real       sign and agree with Ed25519 and X25519 (slow)
//   --restores N        owners that are restored at the end; 20 when left out
//   --trace FILE        write every event as a line
//   --out FOLDER        where plots go; data/sim when left out
//   --json              print the outcome as JSON
//   --no-shrink         do not look for a smaller list of faults when a run fails
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatNumbers, parseNumbers } from './fault-list.ts';
import { modelCommand } from './model/command.ts';
import type { Outcome } from './outcome.ts';
import { lossBound, msPerDeviceDay } from './outcome.ts';
import { plotsOf } from './plots.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { STORIES } from './scenarios/stories.ts';
import { shrink } from './shrink.ts';
import type { SimulationOptions } from './simulation.ts';
import { faultsOf, simulate } from './simulation.ts';
import { describeOutcome } from './table.ts';
import { tellStories } from './tell-stories.ts';

/** Replays of a failed run, at most. */
const SHRINK_RUNS = 60;
const PROGRESS_MS = 20_000;

const given = process.argv.slice(2);
const isModel = given.includes('--model');
const { values } = parseArgs({
  args: isModel ? [] : given,
  options: {
    scenario: { type: 'string' },
    devices: { type: 'string', default: '100' },
    days: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string' },
    crypto: { type: 'string', default: 'sim' },
    restores: { type: 'string', default: '20' },
    trace: { type: 'string' },
    out: { type: 'string', default: 'data/sim' },
    json: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
});

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} must be a number from 1, got "${text}"`);
  return value;
}

/** Milliseconds of this process on all cores, its garbage collector included: the same on a busy machine as on an idle one. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function commandOf({ scenario, devices, days, seed }: SimulationOptions, faults: readonly number[]): string {
  return `npm run sim -- --scenario ${scenario.name} --devices ${devices} --days ${days} --seed ${seed} --faults ${formatNumbers(faults)}`;
}

function asJson(outcome: Outcome): string {
  const { metrics, faults, ...rest } = outcome;
  const { samples, traffic, counts, objectYears, incompleteYears, bytes, repairBytes } = metrics;
  return JSON.stringify(
    {
      ...rest,
      faults: faults.length,
      msPerDeviceDay: msPerDeviceDay(outcome),
      lossBound: lossBound(outcome),
      objectYears,
      incompleteYears,
      bytes,
      repairBytes,
      traffic: Object.fromEntries(traffic),
      counts: Object.fromEntries(counts),
      samples,
    },
    undefined,
    2,
  );
}

/** Runs with the trace going to a file, if one is wanted. */
async function traced(options: SimulationOptions, file: string | undefined): Promise<Outcome> {
  if (file === undefined) return simulate(options);
  const descriptor = openSync(file, 'w');
  try {
    return await simulate({ ...options, writeTrace: (line) => writeSync(descriptor, `${line}\n`) });
  } finally {
    closeSync(descriptor);
  }
}

/** Tells now and then, at the terminal's error stream, how far a run is and how long it still takes. */
function tellProgress(days: number): (day: number) => void {
  const startedAt = performance.now();
  let toldAt = startedAt;
  return (day) => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const left = ((now - startedAt) / 60_000 / day) * (days - day);
    console.error(`day ${Math.floor(day)} of ${days}, about ${Math.max(0, left).toFixed(0)} minutes left`);
  };
}

async function smallerFailure(options: SimulationOptions): Promise<readonly number[]> {
  const all = [...faultsOf(options).keys()].filter((number) => options.only?.has(number) !== false);
  return shrink(
    all,
    async (faults) => {
      const { failures } = await simulate({ ...options, only: new Set(faults) });
      console.log(`  ${faults.length} faults: ${failures[0] ?? 'passed'}`);
      return failures.length > 0;
    },
    SHRINK_RUNS,
  );
}

async function main(): Promise<number> {
  if (isModel) {
    modelCommand(given.filter((word) => word !== '--model'));
    return 0;
  }
  // Agents make many errors that mean nothing (who is called is off); their stacks would cost a twentieth of the run.
  Error.stackTraceLimit = values.trace === undefined ? 0 : 20;
  const story = STORIES.find(({ name }) => name === values.scenario);
  if (story !== undefined) return tellStories([story], { seed: values.seed, out: values.out, bail: false });
  const scenario = SCENARIOS.find(({ name }) => name === values.scenario);
  if (scenario === undefined) {
    console.log('Scenarios:');
    for (const { name, describe } of [...SCENARIOS, ...STORIES])
      console.log(`  ${name.padEnd(22)}${describe}`);
    return values.scenario === undefined ? 0 : 2;
  }
  if (values.crypto !== 'sim' && values.crypto !== 'real')
    throw new Error(`--crypto must be sim or real, got "${values.crypto}"`);
  // An agent that lets a promise fail unheard would end a real program: here it is told and fails the run.
  const unheard: string[] = [];
  process.on('unhandledRejection', (reason) => {
    unheard.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  });
  const options: SimulationOptions = {
    scenario,
    devices: count('devices', values.devices),
    days: count('days', values.days),
    seed: values.seed,
    crypto: values.crypto,
    restores: count('restores', values.restores),
    stopwatch: cpuMs,
    onDay: tellProgress(count('days', values.days)),
    ...(values.faults === undefined ? {} : { only: parseNumbers(values.faults) }),
  };
  const outcome = await traced(options, values.trace);
  console.log(values.json ? asJson(outcome) : describeOutcome(outcome));
  for (const reason of unheard.slice(0, 5)) console.log(`  - a rejection that nobody heard: ${reason}`);
  mkdirSync(values.out, { recursive: true });
  for (const [name, svg] of plotsOf(outcome)) writeFileSync(join(values.out, name), svg);
  if (outcome.failures.length === 0) return unheard.length > 0 ? 1 : 0;
  if (!values['no-shrink']) {
    console.log('Looking for fewer faults that fail:');
    console.log(`Replay: ${commandOf(options, await smallerFailure(options))}`);
  }
  return 1;
}

process.exitCode = await main();
