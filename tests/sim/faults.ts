import type { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { Profile } from './population.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const YEAR_DAYS = 365;

/**
 * What goes wrong in a run, all of it drawn before the run begins, so that any part of the list can be replayed. `at` and durations
 * in milliseconds of the run; slots are those of the population.
 */
export type Fault = { readonly at: number } & (
  | { readonly kind: 'leave'; readonly slot: number }
  | { readonly kind: 'lose-data'; readonly slot: number; readonly awayMs: number }
  | { readonly kind: 'evict-blobs'; readonly slot: number }
  | { readonly kind: 'crash'; readonly slot: number }
  | { readonly kind: 'rot'; readonly slot: number }
  | { readonly kind: 'full-disk'; readonly slot: number; readonly forMs: number }
  | { readonly kind: 'clock-jump'; readonly slot: number; readonly byMs: number }
  | { readonly kind: 'offline'; readonly slot: number; readonly forMs: number }
  | { readonly kind: 'partition'; readonly slots: readonly number[]; readonly forMs: number }
  | { readonly kind: 'broker-down'; readonly forMs: number }
  | { readonly kind: 'broker-forget' }
  | { readonly kind: 'broker-hide'; readonly forMs: number }
);

/** What a scenario makes its faults from. */
export interface FaultPlan {
  readonly profiles: readonly Profile[];
  readonly days: number;
  readonly random: SeededRandom;
}

/** Slot 0 founded the cooperative and is its only steward: it stays and keeps its data, or nobody could invite newcomers. */
export const FOUNDER = 0;

/** Members leave for good, after `meanDays` on average; a newcomer takes the place. */
export function departures({ profiles, days, random }: FaultPlan, meanDays: number): readonly Fault[] {
  return profiles
    .filter(({ slot }) => slot !== FOUNDER)
    .flatMap(({ slot }) => {
      const chance = random.fork(`leave/${slot}`);
      return poisson(chance, meanDays, days).map((at): Fault => ({ at, kind: 'leave', slot }));
    });
}

/** Devices lose all their data, as often as their kind does; their people come back with their words some days later. */
export function dataLosses({ profiles, days, random }: FaultPlan): readonly Fault[] {
  return profiles
    .filter(({ slot }) => slot !== FOUNDER)
    .flatMap(({ slot, lossPerYear }) => {
      const chance = random.fork(`lose/${slot}`);
      return poisson(chance, YEAR_DAYS / lossPerYear, days).map((at): Fault => {
        return { at, kind: 'lose-data', slot, awayMs: Math.round((0.5 + 4 * chance.fraction()) * DAY_MS) };
      });
    });
}

/** A fault of one kind on each slot, every `meanDays` on average. */
export function scattered(
  { profiles, days, random }: FaultPlan,
  label: string,
  meanDays: number,
  make: (at: number, slot: number, chance: SeededRandom) => Fault,
): readonly Fault[] {
  return profiles.flatMap(({ slot }) => {
    const chance = random.fork(`${label}/${slot}`);
    return poisson(chance, meanDays, days).map((at) => make(at, slot, chance));
  });
}

/** Faults in the order of their times; their place in the list is their number. */
export function numbered(...lists: readonly (readonly Fault[])[]): readonly Fault[] {
  return lists.flat().sort((a, b) => a.at - b.at);
}

/** Times within `days` of events that come every `meanDays` on average and know nothing of each other. */
function poisson(random: SeededRandom, meanDays: number, days: number): readonly number[] {
  const times: number[] = [];
  for (;;) {
    const gap = -Math.log(1 - random.fraction()) * meanDays * DAY_MS;
    const at = Math.round((times.at(-1) ?? 0) + gap);
    if (at >= days * DAY_MS) return times;
    times.push(at);
  }
}
