import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace } from '../laws/end-laws.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { MemorySink } from '../../../src/adapters/memory/memory-sink.ts';
import { faultOf } from '../../../src/core/errors.ts';
import type { Story } from '../story.ts';
import { heldRows, placementsOf } from '../team/disks.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';
const GRACE_DAYS = 14;
const COMMITMENT_DAYS = 21;
const FILE_BYTES = 300_000;
/** Days after the backup on which it tries to have its data back. */
const TRIES = [1, 7, 13, 20];

/** Bytes of files that the words give back on a fresh device. */
async function restoredBytes(
  team: Team,
  hopper: Person,
): Promise<{ readonly bytes: number; readonly why: string }> {
  const device = team.freshDevice();
  const sink = new MemorySink();
  try {
    const agent = await createAgent(device.platform);
    await agent.useWords(hopper.words);
    await agent.recover();
    for (const { snapshot } of await agent.snapshots()) await agent.restore(snapshot, { sink, paths: [] });
    return { bytes: bytesIn(sink), why: 'restored' };
  } catch (error) {
    return { bytes: bytesIn(sink), why: faultOf(error) };
  } finally {
    device.crash();
  }
}

const bytesIn = (sink: MemorySink): number =>
  [...sink.collected.values()].reduce(
    (sum, entry) => sum + (entry.kind === 'file' ? entry.bytes.length : 0),
    0,
  );

/** Sealed bytes that members keep under these agreements. */
function keptFor(agreements: ReadonlySet<string>, keepers: readonly Person[]): number {
  return keepers
    .flatMap(({ device }) => heldRows(device))
    .filter(({ agreement }) => agreements.has(agreement))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

export const graceHopping: Story = {
  name: 'grace-hopping',
  describe:
    'Somebody joins, saves, drops all it keeps for others, wants its own back within the commitment, and joins anew as somebody else.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    const policy = { graceDays: GRACE_DAYS, commitmentDays: COMMITMENT_DAYS };
    await team.govern({ kind: 'policy', at: world.clock.now(), policy });
    const members = await team.joinAll(5);
    const rows: [string, string][] = [];
    let paid = 0;
    let gained = 0;
    for (const name of ['hopper', 'hopper-again']) {
      const hopper = await team.join(name, { honest: false });
      await team.pass(HOUR_MS);
      founder.write(`for-${name}`, FILE_BYTES);
      await team.save(founder, CODE);
      hopper.write('all-it-has', FILE_BYTES);
      const { sentBytes } = await hopper.on.backup([hopper.source], { code: CODE });
      paid += sentBytes;
      const savedAt = team.now;
      const agreements = new Set<string>(placementsOf(hopper.device).map(({ agreement }) => agreement));
      const kept = (): number => keptFor(agreements, [founder, ...members]);
      team.must(kept() > 0, 'the hopper saved nothing');
      team.crash(hopper);
      hopper.device.disk.evict('all');
      const tries: string[] = [];
      for (const day of TRIES) {
        await team.pass(savedAt + day * DAY_MS - team.now);
        const { bytes, why } = await restoredBytes(team, hopper);
        gained += bytes;
        tries.push(`day ${day}: ${bytes} bytes (${why})`);
        team.must(
          bytes === 0,
          `${name} got ${bytes} bytes back on day ${day} of a commitment of ${COMMITMENT_DAYS}`,
        );
      }
      team.must(kept() === 0, `${kept()} bytes of ${name} are still kept after its time of grace`);
      rows.push([name, tries.join(', ')]);
      await team.pass(2 * DAY_MS);
    }
    const later = await restoredBytes(
      team,
      team.people.find(({ name }) => name === 'hopper')!,
    );
    team.must(later.bytes === 0, 'what was dropped at the end of the grace came back after the commitment');
    team.must(gained === 0 && paid > 0, 'grace hopping gained something');
    everythingInPlace(team, founder);
    return team.close('Grace hopping', [
      ...rows,
      ['paid', `${(paid / 1024).toFixed(0)} KiB sent for 2 × ${(FILE_BYTES / 1024).toFixed(0)} KiB`],
      ['gained', `${gained} bytes restored; kept for ${GRACE_DAYS} days, and never to be read`],
    ]);
  },
};
