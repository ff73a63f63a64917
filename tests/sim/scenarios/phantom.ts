import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: each gets one. */
const CODE = 'reed-solomon:3+3';
const GRACE_DAYS = 14;
/** A broker's word excuses silence for 30 days; then patience of two days for a tab, and grace. */
const EXCUSED_DAYS = 30;
const SHOWN_MS = 5 * 60_000;

export const phantom: Story = {
  name: 'phantom',
  describe: 'A holder shows itself to the broker every day and can be reached by nobody: its excuse ends.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(5);
    const liar = await team.join('phantom', { honest: false, storageClass: 'tab' });
    await team.pass(HOUR_MS);
    founder.write('a', 100_000);
    await team.save(founder, CODE);
    await team.join('late');
    await team.pass(DAY_MS);
    for (const person of team.people) if (person !== liar) world.network.cut(liar.id, person.id);
    const hiddenAt = team.now;
    await team.stop(liar);
    let renegedAt: number | undefined;
    for (let day = 0; day < EXCUSED_DAYS + GRACE_DAYS + 8; day++) {
      await team.start(liar);
      await team.pass(SHOWN_MS);
      await team.stop(liar);
      await team.pass(DAY_MS - SHOWN_MS);
      if (renegedAt === undefined && founder.sees(liar).state === 'reneged') renegedAt = team.now;
    }
    team.must(
      renegedAt !== undefined,
      'a holder that nobody can reach is excused for ever by being seen at the broker',
    );
    await team.pass(2 * DAY_MS);
    team.must(!holdersOf(team, founder).includes(liar), 'its pieces were not made again elsewhere');
    everythingInPlace(team, founder);
    const days = renegedAt === undefined ? 'never' : `${((renegedAt - hiddenAt) / DAY_MS).toFixed(0)} days`;
    return team.close('Seen by the broker, reached by nobody', [['given up after', days]]);
  },
};
