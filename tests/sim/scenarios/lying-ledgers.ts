import { DAY_MS, HOUR_MS } from '../faults.ts';
import { apartFromOneAnother, everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { lyingLedger } from '../liars/lying-ledger.ts';
import type { Story } from '../story.ts';
import { heldLedgers } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: each gets one. */
const CODE = 'reed-solomon:3+3';
const GRACE_MS = 14 * DAY_MS;

export const lyingLedgers: Story = {
  name: 'lying-ledger',
  describe: 'A holder lost everything and answers with the ledger it once had: an audit finds out.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(5);
    const liar = await team.join('liar', { honest: false });
    await team.pass(HOUR_MS);
    for (let i = 0; i < 3; i++) {
      founder.write(`file-${i}`, 200_000);
      await team.save(founder, CODE);
    }
    await team.pass(DAY_MS);
    const once = heldLedgers(liar.device);
    team.must(founder.sees(liar).held > 100_000 && once.size > 0, 'the liar was given nothing');
    team.crash(liar);
    liar.device.disk.evict('blobs');
    world.network.tapDevice(liar.id, liarTap(lyingLedger(world.random.fork('liar'), once)));
    await team.start(liar);
    const lostAt = team.now;
    await team.pass(2 * DAY_MS);
    // Nobody is free to take the piece: better one too few than two on one device.
    apartFromOneAnother(team, founder);
    await team.join('late');
    await team.pass(7 * DAY_MS);
    const { state, reason } = founder.sees(liar);
    team.must(
      state === 'suspect' && reason?.startsWith('proof-failed') === true,
      `who shows made up bytes is ${state}, ${reason ?? ''}`,
    );
    everythingInPlace(team, founder);
    await team.pass(GRACE_MS);
    team.must(
      founder.sees(liar).state === 'reneged',
      'who shows made up bytes is not given up at the end of its grace',
    );
    everythingInPlace(team, founder);
    await team.save(founder, CODE);
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 3));
    const suspectAt = team.standings.first(founder.name, liar.name, 'suspect');
    return team.close('A ledger of what once was', [
      ['rows it claims', `${[...once.values()].flat().length}`],
      [
        'found out after',
        suspectAt === undefined ? 'never' : `${((suspectAt - lostAt) / DAY_MS).toFixed(1)} days`,
      ],
      ['audits it failed', `${founder.sees(liar).proofs.failed}`],
    ]);
  },
};
