import { DAY_MS, HOUR_MS } from '../faults.ts';
import type { Request } from '../liars/liar-tap.ts';
import { liarTap } from '../liars/liar-tap.ts';
import type { Story } from '../story.ts';
import { heldRows } from '../team/disks.ts';
import type { Person } from '../team/person.ts';
import { Team } from '../team/team.ts';

const CODE = 'reed-solomon:3+3';
const FOUND_WITHIN_MS = 4 * DAY_MS;
const GIVEN_UP_WITHIN_MS = 20 * DAY_MS;
/** Audits that such a holder may cause in a day, by whatever it does when it is asked. */
const AUDITS_A_DAY = 30;

/** What a holder may do instead of letting an audit begin. */
const DODGES = ['not-found', 'internal', 'full', 'hangs up'] as const;

export const auditDodge: Story = {
  name: 'audit-dodge',
  describe:
    'Holders tell the right ledger and answer each audit with some fault, or end the session over it: all are found out, and none is asked without end.',
  async tell(seed) {
    const team = await Team.found(seed);
    const { founder, world } = team;
    await team.joinAll(4);
    const liars: Person[] = [];
    for (const dodge of DODGES) liars.push(await team.join(dodge, { honest: false }));
    await team.pass(HOUR_MS);
    founder.write('file', 200_000);
    await team.save(founder, CODE);
    for (let i = 0; i < 4; i++) {
      founder.write(`file-${i}`, 200_000);
      await team.save(founder, CODE);
    }
    await team.pass(DAY_MS);
    const asked = new Map<string, number>();
    for (const [i, liar] of liars.entries()) {
      team.must(heldRows(liar.device).length > 0, `${liar.name} was given nothing`);
      const dodge = DODGES[i]!;
      const tap = liarTap({
        asked: (request: Request) => {
          const { kind } = request.ask;
          if (kind !== 'audit' && kind !== 'audit-answer') return 'pass';
          asked.set(liar.name, (asked.get(liar.name) ?? 0) + 1);
          if (dodge === 'hangs up') world.network.disconnect(request.by, liar.id);
          else request.refuse(dodge);
          return 'swallow';
        },
      });
      world.network.tapDevice(liar.id, tap);
    }
    await team.pass(FOUND_WITHIN_MS);
    for (const liar of liars) {
      const { state, reason } = founder.sees(liar);
      team.must(
        state === 'suspect' && reason?.startsWith('proof-unanswered') === true,
        `who ${liar.name} when audited is ${state}, ${reason ?? ''} after ${FOUND_WITHIN_MS / DAY_MS} days`,
      );
    }
    await team.pass(GIVEN_UP_WITHIN_MS);
    const days = (FOUND_WITHIN_MS + GIVEN_UP_WITHIN_MS) / DAY_MS;
    for (const liar of liars) {
      const { state } = founder.sees(liar);
      team.must(state === 'reneged', `who ${liar.name} when audited is ${state} after its grace`);
      const count = asked.get(liar.name) ?? 0;
      team.must(count <= AUDITS_A_DAY * days, `who ${liar.name} when audited was asked ${count} times`);
    }
    return team.close(
      'Holders that let no audit begin',
      liars.map(({ name }) => [`audits asked of who says ${name}`, `${asked.get(name) ?? 0}`]),
    );
  },
};
