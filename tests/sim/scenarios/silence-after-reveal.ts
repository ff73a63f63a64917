import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { silentAfterReveal } from '../liars/silent-after-reveal.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: each gets one. */
const CODE = 'reed-solomon:3+3';
const GRACE_MS = 14 * DAY_MS;

export const silenceAfterReveal: Story = {
  name: 'silence-after-reveal',
  describe:
    'A holder lets every audit begin and is gone when it hears what it must show: it is asked for the same again, and given up.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(5);
    const liar = await team.join('silent', { honest: false });
    const asked = new Map<string, number>();
    world.network.tapDevice(
      liar.id,
      liarTap(
        silentAfterReveal(world.network, liar.id, (by, commit) => {
          if (by === founder.id) asked.set(commit, (asked.get(commit) ?? 0) + 1);
        }),
      ),
    );
    await team.pass(HOUR_MS);
    founder.write('a', 200_000);
    founder.write('b', 100_000);
    await team.save(founder, CODE);
    team.must(founder.sees(liar).held > 100_000, 'the liar was given nothing');
    await team.join('late');
    await team.pass(2 * DAY_MS);
    const { state, reason } = founder.sees(liar);
    team.must(
      state === 'suspect' && reason?.startsWith('proof-unanswered') === true,
      `who shows nothing is ${state}, ${reason ?? ''}`,
    );
    await team.pass(GRACE_MS);
    team.must(
      founder.sees(liar).state === 'reneged',
      'who never shows anything is not given up at the end of its grace',
    );
    team.must(asked.size === 1, `it was let off with ${asked.size} different draws`);
    team.must(
      [...asked.values()].every((times) => times > 2),
      'it was not asked again for the same blocks',
    );
    await team.pass(2 * DAY_MS);
    team.must(!holdersOf(team, founder).includes(liar), 'its pieces were not made again elsewhere');
    everythingInPlace(team, founder);
    return team.close('Silent after the reveal', [
      ['draws', `${asked.size}`],
      ['asked for them', `${[...asked.values()].join(', ')} times`],
      [
        'given up',
        `${team.standings.saidBy(liar.name, 'reneged').size} of ${team.people.length - 1} members`,
      ],
    ]);
  },
};
