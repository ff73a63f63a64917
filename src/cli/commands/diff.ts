import type { AgentApi, FileSummary, SnapshotSummary } from '../../agent/api.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { printable } from '../format.ts';
import { requireMember } from '../membership.ts';
import { findSnapshot, walkSnapshot } from '../snapshots.ts';

type Change = 'added' | 'removed' | 'changed';
const SIGNS: Readonly<Record<Change, string>> = { added: '+', removed: '-', changed: 'M' };

export const diff: Command = {
  name: 'diff',
  usage: 'SNAPSHOT SNAPSHOT',
  summary: 'list what the second snapshot adds, removes and changes (by kind, size and time)',
  options: {},
  positionals: [2, 2],
  shareable: true,
  async run({ positionals, home, output, signal, agents }) {
    const [from = '', to = ''] = positionals;
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const before = await entriesByPath(agent, await findSnapshot(agent, from), signal);
        const after = await entriesByPath(agent, await findSnapshot(agent, to), signal);
        const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
        for (const path of paths) {
          const change = changeOf(before.get(path), after.get(path));
          if (change !== undefined) output.result({ path, change }, `${SIGNS[change]}  ${printable(path)}`);
        }
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};

async function entriesByPath(
  agent: AgentApi,
  snapshot: SnapshotSummary,
  signal: AbortSignal,
): Promise<Map<string, FileSummary>> {
  const entries = new Map<string, FileSummary>();
  for await (const entry of walkSnapshot(agent, snapshot, '', signal)) entries.set(entry.path, entry);
  return entries;
}

function changeOf(before: FileSummary | undefined, after: FileSummary | undefined): Change | undefined {
  if (before === undefined) return 'added';
  if (after === undefined) return 'removed';
  if (before.kind !== after.kind) return 'changed';
  // A folder changes whenever anything in it does: that is told by what is in it.
  if (after.kind === 'folder') return undefined;
  return before.bytes === after.bytes && before.mtimeMs === after.mtimeMs ? undefined : 'changed';
}
