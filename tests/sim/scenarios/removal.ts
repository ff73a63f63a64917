import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import { RawDevice } from '../liars/raw-session.ts';
import { faultOf } from '../../../src/core/errors.ts';
import type { Story } from '../story.ts';
import { heldRows, placementsOf } from '../team/disks.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';

export const removal: Story = {
  name: 'removal',
  describe:
    'A member is taken off the roster while its sessions are open: nobody serves it any more, and its pieces are made again elsewhere.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    const members = await team.joinAll(6);
    const removed = await team.join('removed', { honest: false });
    await team.pass(HOUR_MS);
    removed.write('own', 80_000);
    await removed.on.backup([removed.source], { code: CODE });
    founder.write('a', 80_000);
    await team.save(founder, CODE);
    await team.pass(DAY_MS);
    const own = placementsOf(removed.device)[0]!;
    await team.govern({ kind: 'remove', at: world.clock.now(), account: removed.account });
    const raw = await RawDevice.inPlaceOf(team, removed);
    const outcomes = new Map<string, number>();
    for (const other of [founder, ...members]) {
      const outcome = await raw
        .session(other)
        .then(async (remote) => remote.get(own.agreement, own.row, 0, 1))
        .then(
          () => 'served',
          (error: unknown) => faultOf(error),
        );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    team.must(
      outcomes.get('refused') === members.length + 1,
      `a removed member is not refused by all: ${[...outcomes.keys()].join(', ')}`,
    );
    await team.pass(2 * DAY_MS);
    const agreements = new Set(placementsOf(removed.device).map(({ agreement }) => agreement));
    const kept = members
      .flatMap(({ device }) => heldRows(device))
      .filter(({ agreement }) => agreements.has(agreement));
    team.must(kept.length === 0, `${kept.length} pieces of a removed member are still kept`);
    everythingInPlace(team, founder);
    return team.close('A member removed', [
      ['asks all others', [...outcomes].map(([outcome, times]) => `${times} × ${outcome}`).join(', ')],
      ['its pieces kept two days later', `${kept.length}`],
    ]);
  },
};
