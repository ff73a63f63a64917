import { HOUR_MS, DAY_MS } from '../faults.ts';
import { headsEverywhere, restoreByWords } from '../laws/end-laws.ts';
import { headRollback } from '../liars/head-rollback.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { RawDevice } from '../liars/raw-session.ts';
import { faultOf } from '../../../src/core/errors.ts';
import type { Story } from '../story.ts';
import { heldHeadNumber } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

const CODE = 'mirror:3';
const LIARS = 3;

export const rollback: Story = {
  name: 'head-rollback',
  describe:
    'All holders but one give an owner who lost everything its oldest head, and a copy of the owner brings an old head back: the newest is found.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    const taps = [];
    // A partner that does not know whom it will have to lie to.
    for (let i = 0; i < LIARS; i++) {
      const liar = await team.join(`rollback-${i}`, { honest: false });
      const tap = headRollback();
      taps.push(tap);
      world.network.tapDevice(liar.id, liarTap(tap));
    }
    const honest = await team.join('honest');
    await team.pass(HOUR_MS);
    for (let i = 0; i < 3; i++) {
      founder.write(`file-${i}`, 20_000 + i);
      await team.save(founder, CODE);
      await team.pass(DAY_MS);
    }
    headsEverywhere(team, founder);
    team.must(
      taps.every(({ heads }) => heads.length >= 3),
      'the liars have no older head to give',
    );
    // The broker keeps a copy in its mailbox; it is as little to be relied on.
    world.broker.down();
    world.broker.forget();
    world.broker.up();
    await team.pass(HOUR_MS);
    const reason = await restoreByWords(team, founder);
    team.must(
      reason === undefined,
      `with one honest holder that has the newest head the owner gets: ${reason ?? ''}`,
    );
    // A copy of the owner's device, brought back from long ago, says what it knew then.
    const newest = heldHeadNumber(honest.device, founder.id);
    const copy = await RawDevice.inPlaceOf(team, founder);
    const remote = await copy.session(honest);
    const outcome = await remote.putHead(copy.identity.keys.rendezvous, taps[0]!.heads[0]!).then(
      () => 'taken',
      (error: unknown) => faultOf(error),
    );
    const after = heldHeadNumber(honest.device, founder.id);
    team.must(outcome === 'refused', `an old head brought to a holder of a newer one is ${outcome}`);
    team.must(after === newest, `a holder went back from head ${newest ?? 'none'} to ${after ?? 'none'}`);
    return team.close('Heads rolled back', [
      ['holders that give the oldest head', `${LIARS} of ${LIARS + 1}`],
      ['heads they could choose from', `${taps[0]!.heads.length}`],
      ['restored', 'the newest, byte for byte'],
      ['an old head brought back', outcome],
      ['holders at the end', `${holdersOf(team, founder).length}`],
    ]);
  },
};
