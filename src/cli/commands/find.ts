import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes, formatTime, printable } from '../format.ts';
import { globMatcher } from '../glob.ts';
import { requireMember } from '../membership.ts';
import { findSnapshot, walkSnapshot } from '../snapshots.ts';
import { stringValue } from '../values.ts';

export const find: Command = {
  name: 'find',
  usage: 'PATTERN [--snapshot SNAPSHOT]',
  summary: 'find paths in all snapshots: "*.jpg", "photos/**/2026*"',
  options: { snapshot: { type: 'string' } },
  positionals: [1, 1],
  shareable: true,
  async run({ values, positionals, home, output, signal, agents }) {
    const matches = globMatcher(positionals[0] ?? '');
    const only = stringValue(values, 'snapshot');
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const snapshots = only === undefined ? await agent.snapshots() : [await findSnapshot(agent, only)];
        let found = 0;
        for (const snapshot of [...snapshots].sort((a, b) => a.endedAt - b.endedAt)) {
          for await (const entry of walkSnapshot(agent, snapshot, '', signal)) {
            if (!matches(entry.path)) continue;
            found++;
            output.result(
              {
                snapshot: snapshot.snapshot,
                path: entry.path,
                kind: entry.kind,
                bytes: entry.bytes,
                mtime: entry.mtimeMs,
              },
              `${snapshot.snapshot.slice(0, 8)}  ${formatBytes(entry.bytes).padStart(10)}  ${formatTime(entry.mtimeMs)}  ${printable(entry.path)}`,
            );
          }
        }
        if (found === 0)
          output.note('Nothing matches. A pattern is the whole name, or a path: "*word*", "**/docs/*.md".');
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};
