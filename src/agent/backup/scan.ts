import { RoostError } from '../../core/errors.ts';
import { PATH_MAX_DEPTH } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { isLinkTarget, isTreeName } from '../../core/snapshot/tree.ts';
import type { Source, SourceEntry } from '../../ports/source.ts';
import { throwIfAborted } from '../cancellation.ts';
import { EntryTable, ROOT } from './entry-table.ts';

export interface ScannedSource {
  readonly source: Source;
  readonly table: EntryTable;
  readonly files: number;
  readonly unreadable: readonly Unsaved[];
  /** what has no content to save */
  readonly leftOut: readonly Unsaved[];
}

interface Unsaved {
  readonly path: string;
  readonly reason: string;
}

/** Folders lie side by side in a snapshot, by their names. @throws RoostError 'usage' */
export function checkNames(sources: readonly Source[]): void {
  const names = new Set<string>();
  for (const { name } of sources) {
    if (!isTreeName(name))
      throw new RoostError('usage', `a folder must have a plain name, got one of ${name.length} characters`);
    if (names.has(name))
      throw new RoostError('usage', `folders must have different names, got "${name}" twice`);
    names.add(name);
  }
}

/** Walks a source by size and time only; no content is read. */
export async function scanSource(
  source: Source,
  onFile: (bytes: number, path: string) => void,
  signal: AbortSignalLike | undefined,
): Promise<ScannedSource> {
  const table = new EntryTable(source.name);
  const folders = new Map<string, number>([['', ROOT]]);
  const unreadable: Unsaved[] = [];
  const leftOut: Unsaved[] = [];
  let files = 0;
  for await (const entry of source.entries(signal ? { signal } : {})) {
    throwIfAborted(signal);
    if (entry.kind === 'unreadable' || entry.kind === 'special') {
      const list = entry.kind === 'special' ? leftOut : unreadable;
      list.push({ path: joinPath(source.name, entry.path), reason: entry.reason });
      continue;
    }
    if (entry.path === '') {
      table.setRoot(entry);
      continue;
    }
    const slash = entry.path.lastIndexOf('/');
    const parent = folders.get(slash < 0 ? '' : entry.path.slice(0, slash));
    if (parent === undefined) {
      unreadable.push({ path: joinPath(source.name, entry.path), reason: 'its folder could not be read' });
      continue;
    }
    const name = entry.path.slice(slash + 1);
    if (!isTreeName(name)) {
      unreadable.push({ path: joinPath(source.name, entry.path), reason: 'its name cannot be kept' });
      continue;
    }
    const fault = unkeepable(source.name, entry);
    if (fault !== undefined) {
      unreadable.push({ path: joinPath(source.name, entry.path), reason: fault });
      continue;
    }
    const added = table.add(parent, name, entry);
    if (entry.kind === 'folder') folders.set(entry.path, added);
    if (entry.kind === 'file') {
      files++;
      onFile(entry.size, entry.path);
    }
  }
  return { source, table, files, unreadable, leftOut };
}

/** Why no snapshot can keep an entry whose name it could keep. */
function unkeepable(folder: string, { path, kind, target }: SourceEntry): string | undefined {
  if (joinPath(folder, path).split('/').length > PATH_MAX_DEPTH)
    return `it lies deeper than ${PATH_MAX_DEPTH} folders`;
  if (kind === 'link' && !isLinkTarget(target ?? '')) return 'its target cannot be kept';
  return undefined;
}

/** The path of an entry as snapshots show it: the folder's name first. */
export function joinPath(folder: string, path: string): string {
  return path === '' ? folder : `${folder}/${path}`;
}
