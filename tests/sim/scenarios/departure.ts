import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, headsEverywhere, receiptsSigned, restoresWithout } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { placementsOf } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';
const GRACE_MS = 14 * DAY_MS;
/** Repair has so long once nothing stands in its way. */
const REPAIR_MS = 48 * HOUR_MS;

/** Day of the run on which pieces of the gone that are on others first made up for all of theirs. */
function replaced(owner: Person, gone: readonly Person[]): boolean {
  const ids = new Set(gone.map(({ id }) => id));
  const shards = new Map<string, boolean>();
  for (const { packId, shard, holder } of placementsOf(owner.device)) {
    const name = `${packId}/${shard}`;
    shards.set(name, shards.get(name) === true || !ids.has(holder));
  }
  return [...shards.values()].every(Boolean);
}

export const departure: Story = {
  name: 'departure',
  describe:
    'Two holders of a pack go for good at once, and the owner crashes and saves more meanwhile: they are replaced in time.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder } = team;
    const members = await team.joinAll(8);
    for (const person of [founder, ...members.slice(0, 2)]) {
      person.write('a', 90_000);
      await team.save(person, CODE);
    }
    await team.pass(DAY_MS);
    const gone = holdersOf(team, founder).slice(0, 2);
    for (const person of gone) {
      person.excused = true;
      team.crash(person);
    }
    const goneAt = team.now;
    const rest = (): readonly Person[] => team.people.filter((person) => !gone.includes(person));
    await team.pass(DAY_MS);
    team.crash(founder);
    await team.start(founder);
    await team.pass(HOUR_MS);
    founder.write('c', 30_000);
    await team.save(founder, CODE);
    let copiedAt: number | undefined;
    while (team.now < goneAt + GRACE_MS) {
      await team.pass(6 * HOUR_MS);
      if (copiedAt === undefined && replaced(founder, gone)) copiedAt = team.now;
      if (team.now < goneAt + GRACE_MS - DAY_MS) {
        for (const person of gone) {
          team.must(
            founder.sees(person).state === 'suspect',
            'a silent holder is not suspect within its time of grace',
          );
        }
      }
    }
    team.must(
      copiedAt !== undefined,
      'a pack that hung on half of its pieces was not repaired within the time of grace',
    );
    await team.pass(DAY_MS);
    for (const person of gone) {
      team.must(
        founder.sees(person).state === 'reneged',
        'a holder that never came back is not given up after its grace',
      );
      team.must(founder.told('partner-reneged', person) === 1, 'giving a holder up is not told once');
    }
    await team.pass(REPAIR_MS);
    for (const person of [founder, ...members.slice(0, 2)]) {
      if (gone.includes(person)) continue;
      const there = placementsOf(person.device).filter(({ holder }) => gone.some(({ id }) => id === holder));
      team.must(
        there.length === 0,
        `${person.name} still counts ${there.length} pieces on holders it gave up`,
      );
      everythingInPlace(team, person);
      headsEverywhere(team, person);
      await receiptsSigned(team, person);
    }
    const told = founder.told('partner-reneged');
    await team.start(gone[0]!);
    await team.pass(HOUR_MS);
    team.must(gone[0]!.told('reported-us') > 0, 'who was given up and comes back is not told');
    team.must(founder.sees(gone[0]!).state === 'reneged', 'who was given up is taken back without new terms');
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 2));
    const days = (ms: number | undefined): string =>
      ms === undefined ? 'never' : ((ms - goneAt) / DAY_MS).toFixed(1);
    return team.close('Two holders of a pack go for good', [
      ['members', `${team.people.length}, ${rest().length} stay`],
      ['pieces copied after', `${days(copiedAt)} days`],
      ['given up after', `${days(team.standings.first(founder.name, gone[0]!.name, 'reneged'))} days`],
      ['given up by the owner', `${told}`],
      ['restored', 'with two more holders gone, byte for byte'],
    ]);
  },
};
