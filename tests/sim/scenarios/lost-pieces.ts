import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, receiptsSigned, restoresWithout } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { heldRows, placementsOf } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';
const REPAIR_MS = 48 * HOUR_MS;

export const lostPieces: Story = {
  name: 'lost-pieces',
  describe:
    'One browser throws its stored pieces away, another disk rots: both say so, nobody is blamed, all is made again.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder } = team;
    // Six takers for four pieces: a careless repair has a chance to put two of a pack on one device.
    await team.joinAll(6);
    founder.write('a', 300_000);
    founder.write('b', 50_000);
    await team.save(founder, CODE);
    await team.pass(12 * DAY_MS);
    const [evicted, rotten] = holdersOf(team, founder);
    const before = placementsOf(founder.device).filter(({ holder }) => holder === evicted!.id).length;
    team.crash(evicted!);
    evicted!.device.disk.evict('blobs');
    await team.start(evicted!);
    const evictedAt = team.now;
    await team.pass(REPAIR_MS);
    everythingInPlace(team, founder);
    team.must(
      founder.told('partner-lost-pieces', evicted) > 0,
      'a holder that lost its pieces did not tell their owner',
    );
    team.must(
      founder.told('partner-reneged') === 0,
      'a holder that lost its pieces and said so is condemned',
    );
    const rows = heldRows(rotten!.device);
    for (const { volume, offset } of rows) rotten!.device.disk.flip(volume, offset);
    const { partners } = await founder.on.check();
    const outcome = partners.find(({ device }) => device === rotten!.id)?.outcome;
    team.must(
      outcome === 'lost',
      `a holder whose disk rotted answers an audit with: ${outcome ?? 'nothing'}`,
    );
    await team.pass(REPAIR_MS);
    everythingInPlace(team, founder);
    team.must(
      founder.sees(rotten!).state === 'active',
      'a holder whose disk rotted, and which said so, is not in good standing',
    );
    founder.write('c', 10_000);
    await team.save(founder, CODE);
    await team.pass(REPAIR_MS);
    everythingInPlace(team, founder);
    await receiptsSigned(team, founder);
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 2));
    return team.close('Pieces lost honestly', [
      ['evicted', `${before} pieces of the owner, at day ${Math.round(evictedAt / DAY_MS)}`],
      ['rotted', `${rows.length} pieces`],
      ['said so', `${founder.told('partner-lost-pieces') + founder.told('audit-lost')} times`],
      ['condemned', `${founder.told('partner-reneged')}`],
      ['packs whole again', `within ${REPAIR_MS / HOUR_MS} hours of each word`],
    ]);
  },
};
