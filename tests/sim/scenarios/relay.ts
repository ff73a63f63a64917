import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import { liarTap } from '../liars/liar-tap.ts';
import { RawDevice } from '../liars/raw-session.ts';
import { Relayer } from '../liars/relayer.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import { MIB } from '../../../src/core/limits.ts';
import type { Story } from '../story.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

/** As many pieces as partners: each gets one. */
const CODE = 'reed-solomon:3+3';
const GRACE_DAYS = 14;
const COMMITMENT_DAYS = 21;
const SPACE_BYTES = 64 * MIB;
const READS_PER_YEAR = 16;

interface Told {
  readonly team: Team;
  readonly relayer: Relayer;
  readonly state: string;
  readonly failed: number;
  readonly passed: number;
}

/** A relayer among members with a commitment of so many days. */
async function relayUnder(seed: string, commitmentDays: number, days: number): Promise<Told> {
  const team = await Team.found(`${seed}/${commitmentDays}`);
  const { founder, world } = team;
  const policy = { graceDays: GRACE_DAYS, commitmentDays };
  await team.govern({ kind: 'policy', at: world.clock.now(), policy });
  await team.joinAll(4);
  const elsewhere = await team.join('elsewhere');
  const front = await team.join('relayer', { honest: false });
  const back = await team.join('relayer-back', { honest: false });
  await team.pass(HOUR_MS);
  const raw = await RawDevice.inPlaceOf(team, back);
  let remote: Remote | undefined;
  const session = async (): Promise<Remote> => {
    if (remote === undefined || remote.closed) remote = await raw.session(elsewhere);
    return remote;
  };
  const agreement = await raw.agree(await session(), {
    gives: SPACE_BYTES,
    readsPerYear: READS_PER_YEAR,
    ...policy,
  });
  const relayer = new Relayer(session, agreement);
  world.network.tapDevice(front.id, liarTap(relayer));
  for (let i = 0; i < 2; i++) {
    founder.write(`file-${i}`, 450_000);
    await team.save(founder, CODE);
  }
  team.must(founder.sees(front).held > 250_000, 'the relayer was given nothing');
  // Somebody must be there to take its place.
  await team.join('late');
  await team.pass(days * DAY_MS);
  const { state, proofs } = founder.sees(front);
  return { team, relayer, state, failed: proofs.failed, passed: proofs.passed };
}

export const relay: Story = {
  name: 'relay',
  describe:
    'A holder keeps nothing, leaves what it is given with another holder, and reads from there what audits draw.',
  async tell(seed) {
    const open = await relayUnder(seed, 0, 4);
    const closed = await relayUnder(seed, COMMITMENT_DAYS, GRACE_DAYS + 2);
    const { team } = closed;
    const { founder } = team;
    const front = team.people.find(({ name }) => name === 'relayer')!;
    team.must(closed.relayer.counts.relayed === 0, 'a holder was read from within the commitment');
    team.must(closed.relayer.counts.refused > 0, 'the relayer never asked the holder it relays to');
    team.must(closed.state === 'reneged', `who relays audits within a commitment is ${closed.state}`);
    // What is to be made again is read from the others, who let nobody read within the commitment.
    await team.pass((COMMITMENT_DAYS - GRACE_DAYS) * DAY_MS);
    team.must(!holdersOf(team, founder).includes(front), 'its pieces were not made again elsewhere');
    everythingInPlace(team, founder);
    // Among a team that trusts one another it pays for the same space elsewhere, and for the way of every byte twice.
    for (const reason of open.team.failures) team.fail(reason);
    open.team.must(open.relayer.counts.relayedBytes > 0, 'in a team nothing was relayed');
    open.team.close('', []);
    const row = ({ relayer, state, passed, failed }: Told): string => {
      const { storedBytes, relayed, relayedBytes, refused } = relayer.counts;
      const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
      return `${state}; ${passed} audits passed, ${failed} failed; ${kib(storedBytes)} kept elsewhere, ${relayed} segments (${kib(relayedBytes)}) fetched, ${refused} refused`;
    };
    return team.close('A relaying holder', [
      [`commitment of ${COMMITMENT_DAYS} days`, row(closed)],
      ['no commitment (a team)', row(open)],
    ]);
  },
};
