import type { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { MemoryWorld } from '../../src/adapters/memory/world.ts';
import { DAY_MS, HOUR_MS } from './faults.ts';
import type { Member } from './member.ts';
import type { Profile, WayOff } from './population.ts';

/** Days on which a person does not use the device at all; the others make up for it. */
const DAYS_OFF = 0.1;
/** A device is never on for longer than this at a stretch, except an appliance. */
const LONGEST_MS = 23 * HOUR_MS;
const MINUTE_MS = 60_000;
/** An appliance is off about twice a month, for half a day at 97 %. */
const OUTAGES_PER_DAY = 1 / 15;

/** Turns devices on and off by their habits. What it draws depends on slot and day only, whatever faults there are. */
export class Churn {
  readonly #world: MemoryWorld;
  readonly #memberOf: (slot: number) => Member | undefined;
  readonly #on = new Set<number>();
  #ended = false;

  constructor(world: MemoryWorld, memberOf: (slot: number) => Member | undefined) {
    this.#world = world;
    this.#memberOf = memberOf;
  }

  /** Whether the device of a slot is on by its habit. */
  isOn(slot: number): boolean {
    return this.#on.has(slot);
  }

  begin(profile: Profile): void {
    if (profile.kind === 'appliance') this.#turnOn(profile.slot);
    this.#planDay(profile, 0);
  }

  /** From now on all devices are on and stay so. */
  allOn(): void {
    this.#ended = true;
    for (let slot = 0; this.#memberOf(slot) !== undefined; slot++) this.#turnOn(slot);
  }

  #planDay(profile: Profile, day: number): void {
    const random = this.#world.random.fork(`churn/${profile.slot}/${day}`);
    const now = this.#world.clock.monotonic();
    const after = (ms: number, act: () => void): void => {
      this.#world.clock.after(Math.max(0, Math.round(ms)), () => {
        if (!this.#ended) act();
      });
    };
    const how = wayOff(profile, random);
    const [from, to] = profile.kind === 'appliance' ? outage(profile, random) : useOfDay(profile, random);
    const dayStart = day * DAY_MS - now;
    if (to > from) {
      const [first, second] =
        profile.kind === 'appliance'
          ? [() => this.#turnOff(profile.slot, how), () => this.#turnOn(profile.slot)]
          : [() => this.#turnOn(profile.slot), () => this.#turnOff(profile.slot, how)];
      after(dayStart + from, first);
      after(dayStart + to, second);
    }
    after(dayStart + DAY_MS, () => this.#planDay(profile, day + 1));
  }

  #turnOn(slot: number): void {
    this.#on.add(slot);
    this.#memberOf(slot)?.goOn();
  }

  #turnOff(slot: number, how: WayOff): void {
    this.#on.delete(slot);
    this.#memberOf(slot)?.goOff(how);
  }
}

const SLEEPS = 0.75;

function wayOff(profile: Profile, random: SeededRandom): WayOff {
  const chance = random.fraction();
  if (profile.kind !== 'appliance' && chance < SLEEPS) return 'sleep';
  return random.fraction() < 0.5 ? 'stop' : 'crash';
}

/** When a person's device is on, in milliseconds from the start of the UTC day; ends before the next day's use begins. */
function useOfDay(profile: Profile, random: SeededRandom): readonly [from: number, to: number] {
  if (random.fraction() < DAYS_OFF) return [0, 0];
  const mean = (profile.online / (1 - DAYS_OFF)) * DAY_MS;
  const length = Math.min(LONGEST_MS, mean * (0.6 + 0.8 * random.fraction()));
  const local = profile.wakesAt * HOUR_MS + 2 * HOUR_MS * random.fraction();
  const from = (local - profile.zone * MINUTE_MS + DAY_MS) % DAY_MS;
  // What would reach into tomorrow's use is cut off there.
  const next = DAY_MS + ((profile.wakesAt * HOUR_MS - profile.zone * MINUTE_MS + DAY_MS) % DAY_MS);
  return [from, Math.min(from + length, next - MINUTE_MS)];
}

function outage(profile: Profile, random: SeededRandom): readonly [from: number, to: number] {
  if (random.fraction() >= OUTAGES_PER_DAY) return [0, 0];
  const length = ((1 - profile.online) / OUTAGES_PER_DAY) * DAY_MS;
  const from = (DAY_MS - length) * random.fraction();
  return [from, from + length];
}
