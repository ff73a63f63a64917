import { placementsOf } from './disks.ts';
import type { Person } from './person.ts';
import type { Team } from './team.ts';

/** Who keeps pieces of an owner by the owner's index: those of the first pack first, so that the first `n` have one of it each. */
export function holdersOf(team: Team, owner: Person): readonly Person[] {
  const holders = placementsOf(owner.device).flatMap(({ holder }) => team.whose(holder) ?? []);
  return [...new Set(holders)];
}
