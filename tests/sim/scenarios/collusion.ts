import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import { SharedStore } from '../liars/colluders.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { segmentsOf } from '../team/segments.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';

const CODE = 'mirror:3';
const COLLUDERS = 3;
const GRACE_MS = 14 * DAY_MS;

export const collusion: Story = {
  name: 'collusion',
  describe:
    'Three holders are one in truth and keep one copy of what each of them promised to keep: a piece sealed for one proves nothing for another.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    const store = new SharedStore();
    const liars: Person[] = [];
    for (let i = 0; i < COLLUDERS; i++) {
      const liar = await team.join(`colluder-${i}`, { honest: false });
      world.network.tapDevice(liar.id, liarTap(store.member()));
      liars.push(liar);
    }
    await team.pass(HOUR_MS);
    for (let i = 0; i < 6; i++) {
      founder.write(`file-${i}`, 120_000);
      await team.save(founder, CODE);
    }
    await team.joinAll(3);
    await team.pass(GRACE_MS + 4 * DAY_MS);
    const failed = liars.filter((liar) => founder.sees(liar).proofs.failed > 0);
    team.must(
      failed.length >= COLLUDERS - 1,
      `only ${failed.length} of ${COLLUDERS} that share one copy are found out`,
    );
    await team.pass(2 * DAY_MS);
    everythingInPlace(
      team,
      founder,
      (keeper, piece) => keeper.honest || segmentsOf(piece).every((segment) => store.isKept(segment)),
    );
    await restoresWithout(
      team,
      founder,
      holdersOf(team, founder)
        .filter(({ honest }) => honest)
        .slice(0, 2),
    );
    return team.close('Colluding holders that keep one copy between them', [
      ...liars.map((liar): [string, string] => {
        const { proofs, state } = founder.sees(liar);
        return [liar.name, `${proofs.failed} audits failed, ${proofs.passed} passed, now ${state}`];
      }),
    ]);
  },
};
