import type { AgentApi, FileSummary, SnapshotSummary } from '../agent/api.ts';
import { RoostError } from '../core/errors.ts';

/** The snapshot that 'latest', an id or the unique beginning of one means. @throws RoostError 'not-found' | 'usage' */
export async function findSnapshot(agent: AgentApi, name: string): Promise<SnapshotSummary> {
  const snapshots = await agent.snapshots();
  if (name === 'latest') {
    const latest = snapshots.reduce<SnapshotSummary | undefined>(
      (newest, snapshot) => (newest === undefined || snapshot.endedAt > newest.endedAt ? snapshot : newest),
      undefined,
    );
    if (latest === undefined) throw new RoostError('not-found', 'there is no snapshot yet');
    return latest;
  }
  if (!/^[0-9a-f]{4,32}$/.test(name)) {
    throw new RoostError('usage', `a snapshot is "latest" or at least 4 digits of its id, got "${name}"`);
  }
  const [found, another] = snapshots.filter((snapshot) => snapshot.snapshot.startsWith(name));
  if (found === undefined) throw new RoostError('not-found', `there is no snapshot ${name}`);
  if (another !== undefined)
    throw new RoostError('usage', `${name} begins more than one snapshot: give more digits`);
  return found;
}

/** Every entry below `path`, parents before children. */
export async function* walkSnapshot(
  agent: AgentApi,
  snapshot: SnapshotSummary,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<FileSummary> {
  for (const entry of await agent.list(snapshot.snapshot, path)) {
    if (signal.aborted) throw new RoostError('aborted', 'stopped');
    yield entry;
    if (entry.kind === 'folder') yield* walkSnapshot(agent, snapshot, entry.path, signal);
  }
}

/** A path as typed: no slashes at the ends, no empty or '.' parts. */
export function normalPath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
