import type { Snapshot } from '../core/snapshot/types.ts';
import type { FileSummary } from './api.ts';
import type { TreeReader } from './repository/tree-reader.ts';
import { findEntry, readTree } from './repository/tree-reader.ts';

const NS_PER_MS = 1_000_000n;

/** Entries of one folder: folders first, then by name as people sort. */
export async function listFolder(
  reader: TreeReader,
  snapshot: Snapshot,
  path: string,
): Promise<readonly FileSummary[]> {
  const inside = path.replace(/^\/+|\/+$/g, '');
  const chunks = inside === '' ? snapshot.root : (await findEntry(reader, snapshot.root, inside)).chunks;
  const { entries } = await readTree(reader, chunks);
  return entries
    .map((entry) => ({
      path: inside === '' ? entry.name : `${inside}/${entry.name}`,
      name: entry.name,
      kind: entry.kind,
      bytes: entry.size,
      mtimeMs: Number(entry.mtimeNs / NS_PER_MS),
    }))
    .sort(
      (a, b) => Number(b.kind === 'folder') - Number(a.kind === 'folder') || a.name.localeCompare(b.name),
    );
}
