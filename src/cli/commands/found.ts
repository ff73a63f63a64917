import { hostname } from 'node:os';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { noteOwnComputer } from '../invites.ts';
import { requireAccount } from '../membership.ts';
import { stringValue } from '../values.ts';

export const found: Command = {
  name: 'found',
  usage: 'NAME [--name DISPLAY-NAME]',
  summary: 'start a cooperative; prints the invite link',
  options: { name: { type: 'string' } },
  positionals: [1, 1],
  shareable: true,
  async run({ values, positionals, home, output, agents }) {
    const name = positionals[0] ?? '';
    return agents.use(home, async (agent) => {
      requireAccount(agent);
      const { invite } = await agent.found(name, stringValue(values, 'name') ?? hostname());
      output.result(
        { cooperative: agent.state.cooperative?.id, invite },
        `The cooperative exists. Whoever has this link can join it:\n\n    ${invite}\n`,
      );
      noteOwnComputer(invite, output);
      return EXIT_DONE;
    });
  },
};
