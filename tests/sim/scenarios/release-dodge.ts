import { decodeCbor } from '../../../src/core/cbor.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import { ITEM_MAX_BYTES } from '../../../src/core/wire/limits.ts';
import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import type { Liar } from '../liars/liar-tap.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { lyingLedger } from '../liars/lying-ledger.ts';
import type { Story } from '../story.ts';
import { heldLedgers } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:3+3';
const FOUND_WITHIN_MS = 10 * DAY_MS;

/** Refuses each request to drop rows, but tells a ledger without them: as its owner's is, so that only an audit can find it out. */
function neverHearsReleases(
  ledger: Liar,
  once: Map<AgreementId, readonly LedgerRow[]>,
  onRefused: () => void,
): Liar {
  return {
    ...ledger,
    asked: (request) => {
      if (request.ask.kind !== 'release') return ledger.asked!(request);
      onRefused();
      request.refuse();
      return 'swallow';
    },
    brought: ({ ask }, item) => {
      if (ask.kind !== 'release') return;
      const dropped = new Set(decodeCbor(item, ITEM_MAX_BYTES) as readonly number[]);
      const rows = once.get(ask.agreement) ?? [];
      once.set(
        ask.agreement,
        rows.filter(({ row }) => !dropped.has(row)),
      );
    },
  };
}

export const releaseDodge: Story = {
  name: 'release-dodge',
  describe:
    'A holder lost everything and never hears what it may drop, which comes before each audit: it is audited all the same.',
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
    let unheard = 0;
    const ledger = lyingLedger(world.random.fork('liar'), once);
    const deaf = neverHearsReleases(ledger, once, () => unheard++);
    world.network.tapDevice(liar.id, liarTap(deaf));
    await team.start(liar);
    const lostAt = team.now;
    founder.remove('file-0');
    await team.save(founder, CODE);
    await founder.on.forget({ last: 1 });
    await team.join('late');
    await team.pass(FOUND_WITHIN_MS);
    team.must(unheard > 0, 'the liar was never told what it may drop');
    const { state, reason } = founder.sees(liar);
    team.must(
      state === 'suspect' && reason?.startsWith('proof-failed') === true,
      `who never hears what it may drop, and lost all, is ${state}, ${reason ?? ''}`,
    );
    everythingInPlace(team, founder);
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 3));
    const suspectAt = team.standings.first(founder.name, liar.name, 'suspect');
    return team.close('A holder that will not hear what to drop', [
      ['requests it refused', `${unheard}`],
      [
        'found out after',
        suspectAt === undefined ? 'never' : `${((suspectAt - lostAt) / DAY_MS).toFixed(1)} days`,
      ],
    ]);
  },
};
