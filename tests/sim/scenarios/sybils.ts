import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import { packsOf, placementsOf } from '../team/disks.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';
import type { StorageClass } from '../../../src/ports/blob-store.ts';
import type { Story } from '../story.ts';

const CODE = 'reed-solomon:4+4';
const HONEST = 9;
const SYBILS = 9;
const CAP = 2;

/** The most pieces of one pack that are held by these, over all packs of an owner. */
function mostOfAPack(owner: Person, holders: readonly Person[]): number {
  const ids = new Set(holders.map(({ id }) => id));
  const placements = placementsOf(owner.device);
  return Math.max(
    ...packsOf(owner.device).map(
      ({ packId }) => placements.filter((one) => one.packId === packId && ids.has(one.holder)).length,
    ),
  );
}

async function sybilsAs(team: Team, storageClass: StorageClass): Promise<number> {
  const { founder } = team;
  await team.joinAll(HONEST);
  const inviter = await team.join('inviter', { honest: false, storageClass });
  await team.govern({ kind: 'role', at: team.world.clock.now(), account: inviter.account, role: 'steward' });
  await team.pass(HOUR_MS);
  const sybils: Person[] = [inviter];
  for (let i = 0; i < SYBILS; i++) {
    const about = { family: `browser-${i}` };
    sybils.push(await team.join(`sybil-${i}`, { honest: false, by: inviter, storageClass, about }));
  }
  await team.pass(HOUR_MS);
  let most = 0;
  for (let i = 0; i < 4; i++) {
    founder.write(`file-${i}`, 60_000);
    await team.save(founder, CODE);
    most = Math.max(most, mostOfAPack(founder, sybils));
  }
  await team.pass(DAY_MS);
  // Honest holders are lost; what is made again must keep the caps, too.
  const lost = team.people.find(
    (person) => person.honest && person !== founder && mostOfAPack(founder, [person]) > 0,
  )!;
  team.crash(lost);
  lost.device.disk.evict('blobs');
  await team.start(lost);
  await team.pass(2 * DAY_MS);
  most = Math.max(most, mostOfAPack(founder, sybils));
  everythingInPlace(team, founder, () => true);
  return most;
}

export const sybils: Story = {
  name: 'sybils',
  describe:
    'A steward lets nine accounts of its own in, each another browser at another address: together they hold no more of a pack than the cap.',
  async tell(seed) {
    const team = await Team.found(seed);
    const asTabs = await sybilsAs(team, 'tab');
    team.must(asTabs <= CAP, `${asTabs} pieces of a pack lie with guests of one inviter, at most ${CAP} may`);
    const liars = await Team.found(`${seed}/appliances`);
    const asAppliances = await sybilsAs(liars, 'appliance');
    team.must(
      asAppliances <= CAP,
      `${asAppliances} pieces of a pack lie with appliances of one inviter, at most ${CAP} may`,
    );
    for (const reason of liars.failures) team.fail(reason);
    liars.close('', []);
    return team.close('Sybils of one inviter', [
      ['members', `${HONEST} honest ones, ${SYBILS + 1} of one person`],
      ['pieces of a pack', '8, any 4 of them are enough'],
      ['held by them at most, as tabs', `${asTabs} of ${CAP} allowed`],
      ['held by them at most, as appliances', `${asAppliances} of ${CAP} allowed`],
    ]);
  },
};
