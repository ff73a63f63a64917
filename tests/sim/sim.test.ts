import { describe, expect, it } from 'vitest';
import { SCENARIOS } from './scenarios/all.ts';
import { churn } from './scenarios/churn.ts';
import { clockJumps } from './scenarios/clock-jumps.ts';
import { stress } from './scenarios/stress.ts';
import type { Scenario } from './scenario.ts';
import type { Outcome } from './outcome.ts';
import { faultsOf, simulate } from './simulation.ts';

/** Nothing here depends on how long it took. */
const stopwatch = (): number => 0;

const run = (scenario: Scenario, devices: number, days: number, seed: string): Promise<Outcome> =>
  simulate({ scenario, devices, days, seed, stopwatch });

/** A busy machine may take long; that is no failure. */
const PATIENT = { timeout: 600_000 };

describe('The simulator', PATIENT, () => {
  it('runs the same trace for the same seed, and another for another', async () => {
    const first = await run(stress, 8, 4, 'a');
    const again = await run(stress, 8, 4, 'a');
    const other = await run(stress, 8, 4, 'b');
    expect([again.traceHash, again.events]).toEqual([first.traceHash, first.events]);
    expect(other.traceHash).not.toBe(first.traceHash);
    expect(first.events).toBeGreaterThan(1000);
  });

  it('draws the faults of every scenario before the run, in the order of their times', () => {
    for (const scenario of SCENARIOS) {
      const options = { scenario, devices: 100, days: 365, seed: '7', stopwatch };
      const faults = faultsOf(options);
      expect(faults).toEqual(faultsOf(options));
      expect(faults.length).toBeGreaterThan(0);
      expect(faults.map(({ at }) => at)).toEqual(faults.map(({ at }) => at).sort((a, b) => a - b));
    }
  });

  it('sees a pack that lost more pieces than it can spare, on any disk', async () => {
    const wipeAll: Scenario = {
      name: 'wipe-all',
      describe: 'All but the founder lose everything and stay away.',
      faults: ({ profiles, days }) =>
        profiles.slice(1).map(({ slot }) => {
          const at = (days - 1) * 86_400_000 + slot;
          return { at, kind: 'lose-data', slot, awayMs: 10 * 86_400_000 };
        }),
    };
    const { losses, failures } = await run(wipeAll, 5, 3, '1');
    expect(losses).toBeGreaterThan(0);
    expect(failures.join()).toContain('packs were lost');
  });
});

describe('A cooperative', PATIENT, () => {
  it.each([
    [churn, 12, 20],
    [stress, 10, 10],
    [clockJumps, 8, 8],
  ] as const)(
    'loses nothing and restores every owner byte for byte: $name',
    async (scenario, devices, days) => {
      const { failures, losses, restored, tried, metrics } = await run(scenario, devices, days, '7');
      expect(failures).toEqual([]);
      expect(losses).toBe(0);
      expect(restored).toBe(tried);
      expect(tried).toBeGreaterThan(devices / 2);
      expect(metrics.countOf('backups')).toBeGreaterThan(devices / 2);
    },
  );
});
