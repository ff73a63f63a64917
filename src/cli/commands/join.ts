import { hostname } from 'node:os';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { count, printable } from '../format.ts';
import { requireAccount } from '../membership.ts';
import { parseBroker, stringValue } from '../values.ts';

export const join: Command = {
  name: 'join',
  usage: 'LINK [--name DISPLAY-NAME]',
  summary: 'join the cooperative of an invite link',
  options: { name: { type: 'string' } },
  positionals: [1, 1],
  shareable: false,
  async run({ values, positionals, home, output, agents }) {
    const link = positionals[0] ?? '';
    // A bare fragment leaves the home's broker as it is; a whole link names the cooperative's.
    const broker = link.includes('://') ? { broker: parseBroker(link) } : {};
    return agents.use(
      home,
      async (agent) => {
        requireAccount(agent);
        await agent.join(link, stringValue(values, 'name') ?? hostname());
        const cooperative = agent.state.cooperative;
        const members = cooperative?.members.length ?? 0;
        output.result(
          { cooperative: cooperative?.id, members },
          `Joined ${printable(cooperative?.name ?? '')}, which has ${count(members, 'member')}. "roost serve" gives it space.`,
        );
        return EXIT_DONE;
      },
      broker,
    );
  },
};
