import { DAY_MS, HOUR_MS, YEAR_DAYS, scattered } from '../faults.ts';
import type { Scenario } from '../scenario.ts';

const JUMP_DAYS = 20;
const YEAR_MS = YEAR_DAYS * DAY_MS;
/** A year either way, a fortnight, an hour of summer time. */
const JUMPS_MS = [YEAR_MS, -YEAR_MS, 14 * DAY_MS, -14 * DAY_MS, HOUR_MS, -HOUR_MS];
/** The jump is corrected (by the network's time, or a battery) after this. */
const CORRECTED_MS = 2 * DAY_MS;
const SLEEP_DAYS = 15;
const SLEEP_MS = 8 * HOUR_MS;

export const clockJumps: Scenario = {
  name: 'clock-jumps',
  describe: 'Wall clocks jump by up to a year and back, and devices sleep through hours without going off.',
  faults: (plan) => {
    const jumps = scattered(plan, 'jump', JUMP_DAYS, (at, slot, chance) => ({
      at,
      kind: 'clock-jump',
      slot,
      byMs: JUMPS_MS[chance.below(JUMPS_MS.length)]!,
    }));
    const corrections = jumps.flatMap((jump) =>
      jump.kind === 'clock-jump' ? [{ ...jump, at: jump.at + CORRECTED_MS, byMs: -jump.byMs }] : [],
    );
    const sleeps = scattered(plan, 'sleep', SLEEP_DAYS, (at, slot) => ({
      at,
      kind: 'offline',
      slot,
      forMs: SLEEP_MS,
    }));
    return [...jumps, ...corrections, ...sleeps];
  },
};
