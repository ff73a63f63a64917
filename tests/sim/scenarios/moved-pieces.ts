import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: what is made again goes to somebody who came later. */
const CODE = 'reed-solomon:3+3';

export const movedPieces: Story = {
  name: 'moved-pieces',
  describe:
    'Pieces are made again on a partner who came after the last backup, then the owner loses everything and k holders are gone.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder } = team;
    await team.joinAll(6);
    founder.write('a', 200_000);
    await team.save(founder, CODE);
    const late = await team.join('late');
    await team.pass(HOUR_MS);
    const [lost] = holdersOf(team, founder);
    lost!.excused = true;
    team.crash(lost!);
    lost!.device.disk.evict('all');
    await team.pass(18 * DAY_MS);
    const holders = holdersOf(team, founder);
    team.must(holders.includes(late), 'nothing was made again on the partner who came later');
    everythingInPlace(team, founder);
    team.crash(founder);
    await team.pass(HOUR_MS);
    await restoresWithout(team, founder, holders.filter((one) => one !== late).slice(0, 3));
    return team.close('Pieces moved since the last backup', [
      ['holders', `${holders.length}, one of them unknown to the newest head`],
      ['gone', '3 of the others'],
    ]);
  },
};
