import type { Command } from '../command.ts';
import type { FileSummary } from '../../agent/api.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes, formatTime, printable } from '../format.ts';
import { requireMember } from '../membership.ts';
import { findSnapshot, normalPath, walkSnapshot } from '../snapshots.ts';

export const ls: Command = {
  name: 'ls',
  usage: 'SNAPSHOT [PATH] [--recursive]',
  summary: 'list a folder of a snapshot',
  options: { recursive: { type: 'boolean', short: 'r' } },
  positionals: [1, 2],
  shareable: true,
  async run({ values, positionals, home, output, signal, agents }) {
    const [name = '', path = ''] = positionals;
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const snapshot = await findSnapshot(agent, name);
        const folder = normalPath(path);
        const entries: AsyncIterable<FileSummary> | readonly FileSummary[] =
          values['recursive'] === true
            ? walkSnapshot(agent, snapshot, folder, signal)
            : await agent.list(snapshot.snapshot, folder);
        for await (const entry of entries) {
          const shown = printable(entry.path) + (entry.kind === 'folder' ? '/' : '');
          output.result(
            { path: entry.path, kind: entry.kind, bytes: entry.bytes, mtime: entry.mtimeMs },
            `${formatBytes(entry.bytes).padStart(10)}  ${formatTime(entry.mtimeMs)}  ${shown}`,
          );
        }
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};
