import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes, formatTime, printable } from '../format.ts';
import { requireMember } from '../membership.ts';

export const partners: Command = {
  name: 'partners',
  usage: '',
  summary: 'list who holds your pieces and whose you hold',
  options: {},
  positionals: [0, 0],
  shareable: true,
  async run({ home, output, agents }) {
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        for (const partner of agent.state.partners) {
          const { device, name, deviceLabel, state, reason, online, lastSeenAt, held, holding, platform } =
            partner;
          const seen = online
            ? 'online'
            : lastSeenAt === undefined
              ? 'never seen'
              : `seen ${formatTime(lastSeenAt)}`;
          const why = reason === undefined ? '' : ` (${reason})`;
          output.result(
            { device, name, deviceLabel, state, reason, online, lastSeenAt, held, holding, platform },
            `${device.slice(0, 8)}  ${state}${why}, ${seen}  holds ${formatBytes(held)} of yours, you hold ${formatBytes(holding)}  ${printable(name)} (${printable(deviceLabel)})`,
          );
        }
        if (agent.state.partners.length === 0) output.note('There are no partners yet.');
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};
