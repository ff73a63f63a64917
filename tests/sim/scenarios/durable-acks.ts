import { DAY_MS, HOUR_MS } from '../faults.ts';
import { everythingInPlace, restoresWithout } from '../laws/end-laws.ts';
import type { Story } from '../story.ts';
import type { Ask } from '../../../src/core/wire/asks.ts';
import { decodeMessage } from '../../../src/core/wire/messages.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import { bytesOf, heldRows } from '../team/disks.ts';
import { holdersOf } from '../team/holders.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:2+2';
/** The power fails at a holder the moment one of its acknowledgements arrives, so many times. */
const CRASHES = 6;
const RESTART_MS = 60_000;

export const durableAcks: Story = {
  name: 'durable-acks',
  describe:
    'The power fails at holders the moment they have acknowledged a piece, and at the owner in between: what was acknowledged is there.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(7);
    const asked = new Map<string, Extract<Ask, { kind: 'put' }>>();
    const observed = world.network.onDeliver;
    let crashes = 0;
    let acknowledged = 0;
    const strike = (from: DeviceId, put: Extract<Ask, { kind: 'put' }>): void => {
      const holder = team.whose(from)!;
      crashes++;
      team.crash(holder);
      world.clock.after(RESTART_MS, () => {
        void team.start(holder).then(() => {
          const kept = heldRows(holder.device).find(
            ({ agreement, row }) => agreement === put.agreement && row === put.row.row,
          );
          const whole = kept !== undefined && bytesOf(holder.device, kept) !== undefined;
          team.must(
            whole,
            `${holder.name} acknowledged a piece that its disk did not have when the power failed`,
          );
        });
      });
    };
    world.network.onDeliver = (bytes, from, to): void => {
      observed?.(bytes, from, to);
      const { message } = decodeMessage(bytes);
      if (message.type === 'request' && message.ask.kind === 'put')
        asked.set(`${from} ${to} ${message.id}`, message.ask);
      if (message.type !== 'reply') return;
      const put = asked.get(`${to} ${from} ${message.id}`);
      if (put === undefined) return;
      asked.delete(`${to} ${from} ${message.id}`);
      acknowledged++;
      if (crashes < CRASHES && acknowledged % 2 === 0 && to === founder.id) strike(from, put);
    };
    for (let run = 0; run < 5; run++) {
      founder.write(`file-${run}`, 40_000);
      await team.save(founder, CODE).catch(() => undefined);
      await team.pass(HOUR_MS);
      if (run === 2) {
        team.crash(founder);
        await team.start(founder);
        await team.pass(HOUR_MS);
      }
    }
    await team.save(founder, CODE);
    await team.pass(2 * DAY_MS);
    team.must(crashes === CRASHES, `only ${crashes} of ${CRASHES} crashes happened`);
    everythingInPlace(team, founder);
    await restoresWithout(team, founder, holdersOf(team, founder).slice(0, 2));
    return team.close('Power failures at the moment of an acknowledgement', [
      ['pieces acknowledged', `${acknowledged}`],
      ['crashes of holders', `${crashes}`],
      ['acknowledged and lost', '0'],
    ]);
  },
};
