import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { count, formatBytes, formatTime, printable } from '../format.ts';
import { requireMember } from '../membership.ts';

export const listSnapshots: Command = {
  name: 'snapshots',
  usage: '',
  summary: 'list the snapshots of this account',
  options: {},
  positionals: [0, 0],
  shareable: true,
  async run({ home, output, agents }) {
    return agents.use(home, async (agent) => {
      requireMember(agent);
      const snapshots = [...(await agent.snapshots())].sort((a, b) => a.endedAt - b.endedAt);
      for (const { snapshot, device, deviceLabel, endedAt, files, bytes, unreadableCount } of snapshots) {
        const unread = unreadableCount > 0 ? `, ${unreadableCount} not read` : '';
        output.result(
          { snapshot, time: endedAt, files, bytes, device, deviceLabel, unreadable: unreadableCount },
          `${snapshot.slice(0, 8)}  ${formatTime(endedAt)}  ${count(files, 'file')}, ${formatBytes(bytes)}${unread}  ${printable(deviceLabel)}`,
        );
      }
      if (snapshots.length === 0) output.note('There is no snapshot yet.');
      return EXIT_DONE;
    });
  },
};
