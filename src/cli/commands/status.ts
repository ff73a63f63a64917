import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { count, formatBytes, formatTime, printable } from '../format.ts';
import { healthDetails, healthText } from '../health-text.ts';

export const status: Command = {
  name: 'status',
  usage: '',
  summary: 'tell whether your files are safe, and who holds them',
  options: {},
  positionals: [0, 0],
  shareable: true,
  async run({ home, output, agents }) {
    return agents.use(home, async (agent) => {
      const { phase, device, health, partners, space, cooperative, broker } = agent.state;
      const lines =
        phase === 'new'
          ? [
              'There is no account in this home yet: run "roost init", with --words-file for one that there is already.',
            ]
          : [healthText(health), ...healthDetails(health)];
      if (cooperative !== undefined && !broker.online && health.online === 0) {
        lines.push(
          broker.reason === undefined
            ? 'Who is online was not asked: "roost check" does, and "roost serve" knows.'
            : 'The broker cannot be reached, and no partner: who is there now is not known.',
        );
      }
      if (health.lastSavedAt !== undefined) lines.push(`Last saved ${formatTime(health.lastSavedAt)}.`);
      if (cooperative !== undefined) {
        lines.push(
          `Cooperative ${printable(cooperative.name)}, ${count(cooperative.members.length, 'member')}.`,
        );
      }
      lines.push(`Space: ${formatBytes(space.offered)} offered, ${formatBytes(space.held)} used by others.`);
      output.result(
        {
          phase,
          device,
          health: health.state,
          canLose: health.canLose,
          reason: health.reason,
          lastSavedAt: health.lastSavedAt,
          suspects: health.suspects,
          missing: health.missing,
          awaited: health.awaited,
          lossPerYear: health.lossPerYear,
          restorableNow: health.restorableNow,
          risks: health.risks,
          partners: partners.map(({ device, state, held, holding }) => ({ device, state, held, holding })),
          space: { offered: space.offered, used: space.held },
          broker: broker.online,
        },
        lines.join('\n'),
      );
      return EXIT_DONE;
    });
  },
};
