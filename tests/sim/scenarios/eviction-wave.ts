import { DAY_MS, departures } from '../faults.ts';
import type { Fault } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

const MEAN_DAYS = 365;
/** A wave goes over all tabs within a week, a third of them at a time, three times in a run. */
const WAVES = 3;
const SHARE = 1 / 3;
const WAVE_MS = 7 * DAY_MS;

export const evictionWave: Scenario = {
  name: 'eviction-wave',
  describe:
    'Three times in a run, browsers short of space take the stored pieces (not the keys) of a third of all tabs within a week.',
  faults: (plan) => {
    const tabs = plan.profiles.filter(({ kind }) => kind === 'browser');
    const waves = Array.from({ length: WAVES }, (_, wave) =>
      tabs.flatMap(({ slot }): Fault[] => {
        const chance = plan.random.fork(`evict/${wave}/${slot}`);
        const start = ((wave + 1) / (WAVES + 1)) * plan.days * DAY_MS;
        const at = Math.round(start + WAVE_MS * chance.fraction());
        return chance.fraction() < SHARE ? [{ at, kind: 'evict-blobs', slot }] : [];
      }),
    );
    return [...waves.flat(), ...departures(plan, MEAN_DAYS)];
  },
};
