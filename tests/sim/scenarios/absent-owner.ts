import { DAY_MS, HOUR_MS } from '../faults.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { restoreByWords } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import { bytesOf, heldRows, packsOf } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';
import { lineChart } from '../plot.ts';

const CODE = 'reed-solomon:2+2';
const AWAY_DAYS = 13;
/** Days of the absence on which a holder loses what it keeps. */
const LOSSES = [2, 4, 6];

interface Absence {
  readonly team: Team;
  /** fewest pieces of any pack, by day of the absence */
  readonly fewest: readonly number[];
  readonly restored: string | undefined;
  readonly n: number;
}

/** Pieces of the owner's worst pack that are on the disks of all. */
function fewestPieces(team: Team, owner: Person, packs: readonly { packId: string }[]): number {
  const shards = new Map<string, Set<number>>();
  for (const keeper of team.people.filter((person) => person !== owner)) {
    for (const row of heldRows(keeper.device)) {
      if (bytesOf(keeper.device, row) === undefined) continue;
      const known = shards.get(row.packId) ?? new Set();
      shards.set(row.packId, known.add(row.shard));
    }
  }
  return Math.min(...packs.map(({ packId }) => shards.get(packId)?.size ?? 0));
}

async function away(seed: string, withDelegate: boolean): Promise<Absence> {
  const team = await Team.found(`${seed}/${withDelegate ? 'delegate' : 'alone'}`);
  const { world } = team;
  await team.joinAll(7);
  const owner = await team.join('owner');
  await team.pass(HOUR_MS);
  owner.write('a', 120_000);
  await team.save(owner, CODE);
  const packs = packsOf(owner.device);
  if (withDelegate) {
    const device = world.device('delegate');
    const agent = await createAgent(device.platform);
    await agent.useWords(owner.words);
    await agent.recover();
    await agent.start();
    await team.pass(HOUR_MS);
    await owner.on.setDelegate(device.device);
  }
  await team.pass(DAY_MS);
  const holders = holdersOf(team, owner);
  const leftAt = team.now;
  await team.stop(owner);
  const fewest: number[] = [fewestPieces(team, owner, packs)];
  for (let day = 1; day <= AWAY_DAYS; day++) {
    if (LOSSES.includes(day)) {
      const holder = holders[LOSSES.indexOf(day)]!;
      team.crash(holder);
      holder.device.disk.evict('blobs');
      await team.start(holder);
    }
    await team.pass(leftAt + day * DAY_MS - team.now);
    fewest.push(fewestPieces(team, owner, packs));
  }
  const restored = await restoreByWords(team, owner);
  return { team, fewest, restored, n: 4 };
}

export const absentOwner: Story = {
  name: 'absent-owner',
  describe:
    'An owner is away for 13 days while three of its holders lose their pieces one after another, with and without a delegate.',
  async tell(seed) {
    const alone = await away(seed, false);
    const stood = await away(seed, true);
    const { team } = stood;
    for (const reason of alone.team.failures) team.fail(reason);
    alone.team.close('', []);
    team.must(stood.restored === undefined, `with a delegate the owner gets: ${stood.restored ?? ''}`);
    team.must(
      stood.fewest.at(-1) === stood.n,
      `with a delegate a pack has ${stood.fewest.at(-1) ?? 0} of ${stood.n} pieces at the end`,
    );
    const below = ({ fewest, n }: Absence): number => fewest.filter((pieces) => pieces < n).length;
    team.must(below(stood) < below(alone), 'a delegate made no difference');
    const chart = lineChart({
      title: 'Pieces of the worst pack while its owner is away',
      x: 'day',
      y: 'pieces, 2 are needed',
      lines: [
        { label: 'with a delegate', points: stood.fewest.map((pieces, day) => [day, pieces] as const) },
        { label: 'without', points: alone.fewest.map((pieces, day) => [day, pieces] as const) },
      ],
    });
    const row = ({ fewest, restored, n }: Absence): string =>
      `${fewest.filter((pieces) => pieces < n).length} days below ${n} pieces, fewest ${Math.min(...fewest)}; restore: ${restored ?? 'whole'}`;
    return team.close(
      'An absent owner',
      [
        ['losses', `days ${LOSSES.join(', ')} of ${AWAY_DAYS}`],
        ['with a delegate', row(stood)],
        ['without', row(alone)],
      ],
      new Map([['absent-owner-pieces.svg', chart]]),
    );
  },
};
