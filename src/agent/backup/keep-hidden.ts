import type { ChunkId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { TreeEntry } from '../../core/snapshot/types.ts';
import type { Clock } from '../../ports/clock.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { Repository } from '../repository/repository.ts';
import { readTreeIfKept } from '../repository/tree-reader.ts';
import type { TreeReader } from '../repository/tree-reader.ts';
import type { EntryTable } from './entry-table.ts';
import { ROOT } from './entry-table.ts';
import type { ScannedSource } from './scan.ts';
import { joinPath } from './scan.ts';

/** Why what a source hides is not in a snapshot. */
export const HIDDEN_AND_LOST = 'hidden by this platform, and what was saved before is lost';

/** What a scan could not see, and the last snapshot has. */
export interface Hidden {
  readonly files: number;
  readonly bytes: number;
  /** what of it is stored no more */
  readonly lost: readonly { readonly path: string; readonly reason: string }[];
}

interface Level {
  readonly folder: number;
  /** of the folder in the last snapshot */
  readonly chunks: readonly ChunkId[];
  /** the folder itself was not seen, so nothing in it could be */
  readonly unseen: boolean;
}

interface KeepOptions {
  readonly repository: Repository;
  readonly trees: TreeReader;
  readonly clock: Clock;
  readonly signal: AbortSignalLike | undefined;
}

/**
 * Adds to a scan what its source may hide and the last snapshot has: nobody can tell whether it is gone, so it stays as it was saved.
 * What lay in a folder that would have been seen and was not is gone.
 * @param former the folder in the last snapshot
 * @throws RoostError 'too-few' when the last snapshot cannot be read now; 'aborted'
 */
export async function keepHidden(
  { source, table }: ScannedSource,
  former: TreeEntry,
  { repository, trees, clock, signal }: KeepOptions,
): Promise<Hidden> {
  const lost: { path: string; reason: string }[] = [];
  const lose = (path: string): void => {
    lost.push({ path: joinPath(source.name, path), reason: HIDDEN_AND_LOST });
  };
  let files = 0;
  let bytes = 0;
  const levels: Level[] = [{ folder: ROOT, chunks: former.chunks, unseen: false }];
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    throwIfAborted(signal);
    const { folder, unseen } = level;
    const tree = await readTreeIfKept(trees, level.chunks, signal);
    if (tree === undefined) {
      lose(table.path(folder));
      continue;
    }
    const seen = unseen ? new Map<string, number>() : childrenByName(table, folder);
    const hidden: TreeEntry[] = [];
    for (const entry of tree.entries) {
      await clock.pass();
      const child = seen.get(entry.name);
      if (child === undefined) {
        if (unseen || source.hides?.(entry.name) === true) hidden.push(entry);
      } else if (entry.kind === 'folder' && table.kind(child) === 'folder')
        levels.push({ folder: child, chunks: entry.chunks, unseen: false });
    }
    const stored = await repository.storedChunks(hidden.flatMap(({ chunks }) => chunks));
    for (const entry of hidden) {
      const path = folder === ROOT ? entry.name : `${table.path(folder)}/${entry.name}`;
      if (!entry.chunks.every((id) => stored.has(id))) {
        lose(path);
        continue;
      }
      const added = table.add(folder, entry.name, { ...entry, path });
      if (entry.kind === 'folder') levels.push({ folder: added, chunks: entry.chunks, unseen: true });
      if (entry.kind !== 'file') continue;
      table.save(added, entry.chunks, entry.size, false);
      files++;
      bytes += entry.size;
    }
  }
  return { files, bytes, lost };
}

function childrenByName(table: EntryTable, folder: number): Map<string, number> {
  const children = new Map<string, number>();
  for (const child of table.children(folder)) children.set(table.name(child), child);
  return children;
}
