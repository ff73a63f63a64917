import { createMemoryWorld } from '../../src/adapters/memory/world.ts';
import type { MemoryWorld } from '../../src/adapters/memory/world.ts';
import { createNobleSuite } from '../../src/core/crypto/noble.ts';
import { Cooperative } from './cooperative.ts';
import { DAY_MS, numbered } from './faults.ts';
import type { Fault } from './faults.ts';
import { inject } from './inject.ts';
import type { Member } from './member.ts';
import { Metrics } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { makeProfiles } from './population.ts';
import type { Scenario } from './scenario.ts';
import { createSimSuite } from './sim-suite.ts';
import { Trace } from './trace.ts';
import { batchedTurns } from './turns.ts';
import type { Truth } from './verify.ts';
import { MENDED_WITHIN_MS, Verifier, restoreOnFreshDevice } from './verify.ts';

/** After the last day all are on, so that what can be restored is, and what can be mended. */
const QUIET_DAYS = MENDED_WITHIN_MS / DAY_MS;
/** Looks at the ground truth in a run, at most; never more often than once a day. */
const SAMPLES_MAX = 60;

export interface SimulationOptions {
  readonly scenario: Scenario;
  readonly devices: number;
  readonly days: number;
  readonly seed: string;
  /** 'real' signs and agrees with Ed25519 and X25519 in plain JavaScript: much slower, the same protocol */
  readonly crypto?: 'sim' | 'real';
  /** numbers of the faults that happen; all when left out */
  readonly only?: ReadonlySet<number>;
  /** owners whose data is restored on a fresh device at the end */
  readonly restores?: number;
  readonly writeTrace?: (line: string) => void;
  /** called at every look at the ground truth */
  readonly onDay?: (day: number) => void;
  /** milliseconds; of the processor, where it can be had */
  readonly stopwatch: () => number;
}

/** All faults of a run, numbered by their place. */
export function faultsOf({ scenario, devices, days, seed }: SimulationOptions): readonly Fault[] {
  const { random } = makeWorld(seed, 'sim');
  return numbered(
    scenario.faults({ profiles: makeProfiles(devices, random), days, random: random.fork('faults') }),
  );
}

/** Runs a cooperative through its days. The same options but `writeTrace` and `onDay` give the same trace, on any machine. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const { scenario, devices, days, seed, only } = options;
  const startedAt = options.stopwatch();
  const world = makeWorld(seed, options.crypto ?? 'sim');
  const { clock, network } = world;
  const failures: string[] = [];
  const trace = new Trace(() => clock.monotonic(), options.writeTrace);
  const metrics = new Metrics();
  const profiles = makeProfiles(devices, world.random);
  const cooperative = new Cooperative({
    world,
    trace,
    metrics,
    profiles,
    onFailure: (reason) => failures.push(reason),
  });
  const faults = faultsOf(options);
  network.onDeliver = (message, from, to): void => {
    trace.frame(message, from, to);
    metrics.frame(message, from, to, cooperative.isSaving(from));
  };
  await cooperative.begin();
  scenario.setup?.(cooperative);
  const begin = clock.monotonic();
  for (const [number, fault] of faults.entries()) {
    if (only?.has(number) === false) continue;
    clock.after(begin + fault.at - clock.monotonic(), () => {
      trace.text(`fault ${number} ${fault.kind}`);
      metrics.count(`fault: ${fault.kind}`);
      inject(fault, cooperative);
    });
  }

  const verifier = new Verifier(cooperative);
  const losses = new Set<string>();
  const interval = Math.max(1, Math.ceil(days / SAMPLES_MAX));
  const look = (day: number, thorough: boolean): Truth['unmended'] => {
    for (const member of cooperative.members) member.noteActivity();
    const { lost, unmended, ...truth } = verifier.look(thorough);
    for (const { owner, packId, pieces, m } of lost) {
      const name = `${owner.name} ${packId}`;
      if (!losses.has(name)) trace.text(`lost ${name}: ${pieces} of the ${m} pieces it needs`);
      losses.add(name);
    }
    const years = interval / 365;
    metrics.objectYears += truth.packs * years;
    metrics.incompleteYears += truth.incomplete * years;
    const online = cooperative.members.filter(({ online: on }) => on).length;
    const { bytes, repairBytes } = metrics;
    metrics.samples.push({ day, online, ...truth, lost: lost.length, bytes, repairBytes });
    options.onDay?.(day);
    return unmended;
  };
  for (let day = interval; day <= days; day += interval) {
    await clock.sleep(interval * DAY_MS);
    look(day, false);
  }

  cooperative.churn.allOn();
  await clock.sleep(Math.max(0, begin + overAt(faults) - clock.monotonic()));
  await clock.sleep(QUIET_DAYS * DAY_MS);
  const unmended = look(days + QUIET_DAYS, true);
  if (unmended.length > 0) failures.push(tellUnmended(unmended));
  const owners = sampleOf(cooperative, options.restores ?? devices);
  let restored = 0;
  for (const owner of owners) {
    const reason = await restoreOnFreshDevice(cooperative, owner);
    if (reason === undefined) restored++;
    else failures.push(`${owner.name} cannot be restored on a fresh device: ${reason}`);
    trace.text(`restored ${owner.name}: ${reason ?? 'whole'}`);
  }
  if (losses.size > 0) failures.unshift(`${losses.size} packs were lost`);
  world.close();

  const outcome: Outcome = {
    scenario: scenario.name,
    devices,
    days,
    seed,
    unmended: unmended.length,
    traceHash: trace.digest(),
    events: trace.events,
    faults,
    metrics,
    losses: losses.size,
    restored,
    tried: owners.length,
    failures,
    cpuMs: options.stopwatch() - startedAt,
  };
  return { ...outcome, failures: [...failures, ...(scenario.judge?.(outcome) ?? [])] };
}

/** When the last fault is over, in milliseconds from the beginning. */
function overAt(faults: readonly Fault[]): number {
  const ends = faults.map(
    (fault) => fault.at + ('forMs' in fault ? fault.forMs : 0) + ('awayMs' in fault ? fault.awayMs : 0),
  );
  return Math.max(0, ...ends);
}

function tellUnmended(unmended: Truth['unmended']): string {
  const some = unmended
    .slice(0, 5)
    .map(({ owner, packId, missing }) => `${owner.name} ${packId} (${missing})`);
  return `${unmended.length} packs lack pieces ${MENDED_WITHIN_MS / 3_600_000} h after the last fault: ${some.join(', ')}`;
}

function makeWorld(seed: string, crypto: 'sim' | 'real'): MemoryWorld {
  return createMemoryWorld({
    seed,
    mode: 'auto',
    nextTurn: batchedTurns(),
    suite: crypto === 'sim' ? createSimSuite : createNobleSuite,
    atOnce: true,
  });
}

/** Owners with something saved, spread evenly over all. */
function sampleOf(cooperative: Cooperative, count: number): readonly Member[] {
  const owners = cooperative.members.filter(
    ({ standing, expected }) => standing === 'member' && expected.length > 0,
  );
  const step = Math.max(1, owners.length / count);
  return Array.from({ length: Math.min(count, owners.length) }, (_, i) => owners[Math.floor(i * step)]!);
}
