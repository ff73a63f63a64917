import type { ChunkId } from '../../core/ids.ts';
import { PATH_MAX_DEPTH } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { isLinkTarget, isTreeName } from '../../core/snapshot/tree.ts';
import type { Source, SourceEntry } from '../../ports/source.ts';
import { throwIfAborted } from '../cancellation.ts';

/** A file, folder or link as scanned, on its way to becoming a tree entry. */
export interface ScanNode {
  readonly name: string;
  readonly entry: SourceEntry;
  /** of a folder; a file or link has none */
  readonly children: ScanNode[];
  /** content of a file, once known; undefined until read */
  chunks: readonly ChunkId[] | undefined;
  /** bytes really read, when the file changed its size after the scan */
  savedBytes: number | undefined;
  /** the file was another one after it had been read than in the scan: what was read may be of both */
  changed: boolean;
  /** why a file could not be read; it is then left out of the tree */
  fault: string | undefined;
}

export interface ScannedSource {
  readonly source: Source;
  readonly root: ScanNode;
  /** files in the order of the scan */
  readonly files: readonly ScanNode[];
  readonly folders: number;
  readonly bytes: number;
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/** One for all files and links: there may be a million of them. */
const NO_CHILDREN: ScanNode[] = [];
Object.freeze(NO_CHILDREN);

/** Walks a source by size and time only; no content is read. */
export async function scanSource(
  source: Source,
  onFile: (bytes: number, path: string) => void,
  signal: AbortSignalLike | undefined,
): Promise<ScannedSource> {
  const root = emptyFolder(source.name, '');
  const folders = new Map<string, ScanNode>([['', root]]);
  const files: ScanNode[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  let top = root;
  let bytes = 0;
  for await (const entry of source.entries(signal ? { signal } : {})) {
    throwIfAborted(signal);
    if (entry.kind === 'unreadable') {
      unreadable.push({ path: joinPath(source.name, entry.path), reason: entry.reason });
      continue;
    }
    if (entry.path === '') {
      top = { ...root, entry };
      folders.set('', top);
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
    const node: ScanNode = {
      name,
      entry,
      children: entry.kind === 'folder' ? [] : NO_CHILDREN,
      chunks: undefined,
      savedBytes: undefined,
      changed: false,
      fault: undefined,
    };
    parent.children.push(node);
    if (entry.kind === 'folder') folders.set(entry.path, node);
    if (entry.kind === 'file') {
      files.push(node);
      bytes += entry.size;
      onFile(entry.size, entry.path);
    }
  }
  return { source, root: top, files, folders: folders.size, bytes, unreadable };
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

function emptyFolder(name: string, path: string): ScanNode {
  return {
    name,
    entry: {
      kind: 'folder',
      path,
      size: 0,
      mtimeNs: 0n,
      mode: undefined,
      owner: undefined,
      target: undefined,
    },
    children: [],
    chunks: undefined,
    savedBytes: undefined,
    changed: false,
    fault: undefined,
  };
}
