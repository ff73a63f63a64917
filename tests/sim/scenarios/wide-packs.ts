import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** More pieces than an owner needs partners for a new backup. */
const CODE = 'reed-solomon:5+4';
const PARTNERS = 9;
const LOST = 3;

export const widePacks: Story = {
  name: 'wide-packs',
  describe:
    'Packs of nine pieces lose three holders for good while three other members offer space: all nine are in place again.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder } = team;
    await team.joinAll(PARTNERS);
    founder.write('a', 200_000);
    await team.save(founder, CODE);
    await team.joinAll(LOST, 'late');
    await team.pass(HOUR_MS);
    for (const person of holdersOf(team, founder).slice(0, LOST)) {
      person.excused = true;
      team.crash(person);
      person.device.disk.evict('all');
    }
    await team.pass(18 * DAY_MS);
    everythingInPlace(team, founder);
    const partners = founder.on.state.partners.filter(({ state }) => state === 'active').length;
    return team.close('Packs of many pieces', [
      ['partners in good standing', `${partners} of ${PARTNERS} that a pack needs`],
    ]);
  },
};
