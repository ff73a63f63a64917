import { DAY_MS } from '../faults.ts';
import { everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import { freeloader } from '../liars/freeloader.ts';
import { liarTap } from '../liars/liar-tap.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: each gets one. */
const CODE = 'reed-solomon:3+3';
const KEPT = [0, 0.5, 0.9];
const HONEST = 3;
/** Of pieces, in segments of 64 KiB: so many that a tenth of them is some. */
const FILE_BYTES = 3_000_000;
/** Who keeps half or less is found by the first audits, some hours after the first pieces. */
const EXPOSED_MS = 2 * DAY_MS;
const GRACE_MS = 14 * DAY_MS;
/** Who keeps nine tenths is found by one of the first audits, not always by the very first. */
const LATEST_MS = 14 * DAY_MS;

export const freeloaders: Story = {
  name: 'freeloaders',
  describe:
    'Three holders keep nothing, half, and nine tenths of what they promised, and show changed bytes for the rest.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(HONEST);
    const liars: Person[] = [];
    for (const kept of KEPT) {
      const liar = await team.join(`keeps-${100 * kept}`, { honest: false });
      world.network.tapDevice(liar.id, liarTap(freeloader(kept)));
      liars.push(liar);
    }
    await team.pass(DAY_MS / 24);
    for (let i = 0; i < 3; i++) {
      founder.write(`file-${i}`, FILE_BYTES);
      await team.save(founder, CODE);
    }
    await team.joinAll(KEPT.length, 'late');
    const begin = team.now;
    const pieces = new Map(liars.map((liar) => [liar, founder.sees(liar).held]));
    await team.pass(EXPOSED_MS);
    for (const [i, liar] of liars.entries()) {
      const { proofs } = founder.sees(liar);
      team.must((pieces.get(liar) ?? 0) > FILE_BYTES / 3, `${liar.name} was given nothing`);
      if (KEPT[i]! <= 0.5) team.must(proofs.failed > 0, `${liar.name} is not exposed after two days`);
    }
    const suspectAt = (liar: Person): number | undefined =>
      team.standings.first(founder.name, liar.name, 'suspect');
    while (team.now < begin + LATEST_MS && !liars.every((liar) => suspectAt(liar) !== undefined))
      await team.pass(DAY_MS);
    for (const liar of liars) {
      team.must(
        suspectAt(liar) !== undefined,
        `${liar.name} is not exposed after ${LATEST_MS / DAY_MS} days`,
      );
    }
    await team.pass(GRACE_MS + DAY_MS);
    for (const liar of liars) {
      const { state } = founder.sees(liar);
      team.must(state === 'reneged', `${liar.name} is not given up after its time of grace, but ${state}`);
    }
    await team.pass(2 * DAY_MS);
    everythingInPlace(team, founder);
    await team.save(founder, 'reed-solomon:3+3');
    await restoresWithout(
      team,
      founder,
      holdersOf(team, founder)
        .filter(({ honest }) => honest)
        .slice(0, 2),
    );
    const rows = liars.map((liar, i): [string, string] => {
      const renegedAt = team.standings.first(founder.name, liar.name, 'reneged');
      const after = (at: number | undefined): string =>
        at === undefined ? 'never' : `day ${((at - begin) / DAY_MS).toFixed(2)}`;
      const {
        held,
        proofs: { failed },
      } = founder.sees(liar);
      return [
        `keeps ${100 * KEPT[i]!} %`,
        `suspect ${after(suspectAt(liar))}, given up ${after(renegedAt)}, ${failed} audits failed, holds ${Math.round(held / 1024)} KiB of ${Math.round((pieces.get(liar) ?? 0) / 1024)} KiB`,
      ];
    });
    return team.close('Freeloaders', [...rows, ['honest partners condemned', '0']]);
  },
};
