import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, headsEverywhere, restoresWithout } from '../laws/end-laws.ts';
import { liarTap } from '../liars/liar-tap.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';

export const releaseOrder: Story = {
  name: 'release-order',
  describe:
    'No partner takes the owner’s new head for a day: nothing that an older head needs is let go before they do.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    const members = await team.joinAll(6);
    founder.write('old', 60_000);
    await team.save(founder, CODE);
    await team.pass(DAY_MS);
    const releasedBefore = team.wire.counts.releases;
    for (const { id } of members) {
      world.network.tapDevice(
        id,
        liarTap({ asked: ({ ask }) => (ask.kind === 'put-head' ? 'swallow' : 'pass') }),
      );
    }
    founder.remove('old');
    founder.write('new', 50_000);
    await founder.on.backup([founder.source], { code: CODE }).catch(() => undefined);
    await founder.on.forget({ last: 1 }).catch(() => undefined);
    // Each run begins with what the one before left to be let go.
    await founder.on.backup([founder.source], { code: CODE }).catch(() => undefined);
    await team.pass(DAY_MS);
    const releasedMeanwhile = team.wire.counts.releases - releasedBefore;
    team.must(
      releasedMeanwhile === 0,
      'pieces were let go while no partner had the head that needs them no more',
    );
    for (const { id } of members) world.network.tapDevice(id, undefined);
    await team.save(founder, CODE);
    await founder.on.forget({ last: 1 });
    await team.pass(DAY_MS + HOUR_MS);
    const releasedAfter = team.wire.counts.releases - releasedBefore;
    team.must(releasedAfter > 0, 'nothing was let go although all partners have the newest head');
    everythingInPlace(team, founder);
    headsEverywhere(team, founder);
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 2));
    return team.close('Released after the head only', [
      ['releases while no head is taken', `${releasedMeanwhile}`],
      ['releases afterwards', `${releasedAfter}`],
    ]);
  },
};
