import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { printable } from '../format.ts';
import { requireMember } from '../membership.ts';

export const sheet: Command = {
  name: 'sheet',
  usage: '',
  summary: 'print what to keep beside your twelve words: the address and who holds your pieces',
  options: {},
  positionals: [0, 0],
  shareable: true,
  async run({ home, output, agents }) {
    return agents.use(home, async (agent) => {
      requireMember(agent);
      const { origin, cooperative, account, check, partners } = agent.recoverySheet();
      const lines = [
        'Roost recovery sheet. The twelve words are not on it: they are kept nowhere but with you.',
        `To restore: roost restore latest --to DIR --words-file FILE --broker ${origin}, or open ${origin}/#restore`,
        '',
        `Address       ${origin}`,
        `Cooperative   ${printable(cooperative)}`,
        `Account       ${account}`,
        `Words' check  ${check}`,
        '',
        partners.length === 0
          ? 'No partner holds pieces of yours yet.'
          : 'Partners that hold pieces of yours:',
        ...partners.map(
          ({ name, deviceLabel, device }) =>
            `  ${device.slice(0, 8)}  ${printable(name)} (${printable(deviceLabel)})`,
        ),
      ];
      output.result({ origin, cooperative, account, check, partners }, lines.join('\n'));
      return EXIT_DONE;
    });
  },
};
