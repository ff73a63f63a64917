import { FOUNDER } from '../faults.ts';
import type { Fault } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

const HOUR_MS = 3_600_000;
/** An update reaches the devices of a family within a day. */
const SPREAD_MS = 24 * HOUR_MS;
const AWAY_MS = 24 * HOUR_MS;

/** Everybody who runs `family` loses all within a day, halfway through the run. */
function wipe(family: string): Scenario['faults'] {
  return ({ profiles, days, random }) => {
    const halfway = (days / 2) * 24 * HOUR_MS;
    return profiles
      .filter((profile) => profile.family === family && profile.slot !== FOUNDER)
      .map(({ slot }): Fault => {
        const chance = random.fork(`wipe/${slot}`);
        const at = Math.round(halfway + SPREAD_MS * chance.fraction());
        return { at, kind: 'lose-data', slot, awayMs: AWAY_MS };
      });
  };
}

export const familyWipe: Scenario = {
  name: 'family-wipe',
  describe:
    'An update of one browser family (Firefox: a fifth of all) wipes the storage of all its devices within a day.',
  faults: wipe('firefox'),
};
