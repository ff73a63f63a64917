import type { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { APPLIANCE, AVAILABILITY, ZONE_HOURS } from './population.ts';

const DAY_HOURS = 24;

/** Middle of the time a person's device is on, local time; each device keeps its own within ± the spread. */
const MIDDAY_HOUR = 15;
export const RHYTHM_SPREAD_HOURS = 4;
/** A session begins earlier or later, and lasts longer or shorter, by up to this much. */
const JITTER_HOURS = 1;
const LENGTH_SPREAD = 0.25;

/** Share of the days on which a tab, or an installed app, is not opened at all. */
const SKIPPED_DAYS: readonly number[] = [0.15, 0.1];
/** Journeys and illnesses, each a year; they last up to three weeks, each length alike. Longer ones are a scenario of their own. */
const ABSENCES_PER_YEAR = 1.5;
const ABSENCE_MOST_HOURS = 21 * DAY_HOURS;
const ABSENCE_MEAN_HOURS = ABSENCE_MOST_HOURS / 2;

/** A server runs a month on the mean, then is down so long that its availability comes out. */
const UP_MEAN_HOURS = 30 * DAY_HOURS;
const DOWN_MEAN_HOURS = (UP_MEAN_HOURS * (1 - AVAILABILITY[APPLIANCE]!)) / AVAILABILITY[APPLIANCE]!;

export function exponential(random: SeededRandom, mean: number): number {
  return -mean * Math.log1p(-random.fraction());
}

const ABSENT_SHARE =
  (ABSENCES_PER_YEAR * ABSENCE_MEAN_HOURS) / (365 * DAY_HOURS + ABSENCES_PER_YEAR * ABSENCE_MEAN_HOURS);
/** Mean length of a session, so that each class is online for its share of the time. */
const SESSION_HOURS: readonly number[] = SKIPPED_DAYS.map(
  (skipped, storageClass) => (AVAILABILITY[storageClass]! * DAY_HOURS) / ((1 - skipped) * (1 - ABSENT_SHARE)),
);
/** Two devices must be on together this long on a common day to be partners: before that nothing can be placed. */
const COMMON_HOURS = 3;

/** Middle of a device's sessions, hours of the common clock. */
export function midday(zone: number, rhythm: number): number {
  return ZONE_HOURS[zone]! + MIDDAY_HOUR + rhythm;
}

/** A server that is only updated. */
const REBOOT_HOURS = 1;

/** Whether two devices, each with its class and midday, are on together on a common day. */
export function meet(classA: number, middayA: number, classB: number, middayB: number): boolean {
  if (classA === APPLIANCE || classB === APPLIANCE) return true;
  const apart = Math.abs(middayA - middayB) % DAY_HOURS;
  const common = (SESSION_HOURS[classA]! + SESSION_HOURS[classB]!) / 2 - Math.min(apart, DAY_HOURS - apart);
  return common >= COMMON_HOURS;
}

/** Draws one session after another; whoever calls stores what it is told. */
export class Presence {
  readonly #random: SeededRandom;
  /** Where or when nothing goes wrong: no skipped days, no absences, no server down for long. */
  regular = false;
  /** Of the session drawn last, hours since the start of the run. */
  from = 0;
  until = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** The next session of a device that is off since `now`. */
  draw(storageClass: number, zone: number, rhythm: number, now: number): void {
    if (storageClass === APPLIANCE) {
      this.from = now + (this.regular ? REBOOT_HOURS : exponential(this.#random, DOWN_MEAN_HOURS));
      this.until = this.from + exponential(this.#random, UP_MEAN_HOURS);
      return;
    }
    const random = this.#random;
    const skipped = SKIPPED_DAYS[storageClass]!;
    const length = SESSION_HOURS[storageClass]! * (1 + LENGTH_SPREAD * (2 * random.fraction() - 1));
    let back = now;
    if (!this.regular && random.fraction() < ABSENCES_PER_YEAR / (365 * (1 - skipped))) {
      back += ABSENCE_MOST_HOURS * random.fraction();
    }
    const habit = midday(zone, rhythm);
    let day = Math.floor((back - habit) / DAY_HOURS) + 1;
    while (!this.regular && random.fraction() < skipped) day++;
    const middle = habit + day * DAY_HOURS + JITTER_HOURS * (2 * random.fraction() - 1);
    this.from = Math.max(now + 0.1, middle - length / 2);
    this.until = Math.max(this.from + 0.1, middle + length / 2);
  }
}
