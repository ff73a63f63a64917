import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { noteOwnComputer } from '../invites.ts';
import { requireMember } from '../membership.ts';
import { parseCount, stringValue } from '../values.ts';

export const invite: Command = {
  name: 'invite',
  usage: '[--uses N] [--days N]',
  summary: 'make a fresh invite link (stewards)',
  options: { uses: { type: 'string' }, days: { type: 'string' } },
  positionals: [0, 0],
  shareable: true,
  async run({ values, home, output, agents }) {
    const uses = stringValue(values, 'uses');
    const days = stringValue(values, 'days');
    return agents.use(home, async (agent) => {
      requireMember(agent);
      const made = await agent.invite({
        ...(uses === undefined ? {} : { uses: parseCount('uses', uses, 1) }),
        ...(days === undefined ? {} : { days: parseCount('days', days, 1) }),
      });
      output.result({ invite: made.invite }, made.invite);
      noteOwnComputer(made.invite, output);
      return EXIT_DONE;
    });
  },
};
