import type { Bytes } from '../../core/bytes.ts';
import { concatBytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { ChunkId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { decodeTree } from '../../core/snapshot/tree.ts';
import type { Tree, TreeEntry } from '../../core/snapshot/types.ts';

/** Gives the plain bytes of tree chunks, in order, from this device or from holders. */
export interface TreeReader {
  chunks(ids: readonly ChunkId[], signal?: AbortSignalLike): Promise<readonly Bytes[]>;
}

/** Reads one folder. @throws RoostError 'corrupt' | 'too-few' */
export async function readTree(
  reader: TreeReader,
  ids: readonly ChunkId[],
  signal?: AbortSignalLike,
): Promise<Tree> {
  return decodeTree(concatBytes(...(await reader.chunks(ids, signal))));
}

/** As `readTree`; undefined when the folder is lost for good. @throws RoostError 'corrupt' | 'too-few' */
export async function readTreeIfKept(
  reader: TreeReader,
  ids: readonly ChunkId[],
  signal?: AbortSignalLike,
): Promise<Tree | undefined> {
  try {
    return await readTree(reader, ids, signal);
  } catch (error) {
    if (faultOf(error) === 'not-found') return undefined;
    throw error;
  }
}

/** The entry at a path of parts joined by '/'; the root itself has none. @throws RoostError 'not-found' */
export async function findEntry(
  reader: TreeReader,
  root: readonly ChunkId[],
  path: string,
): Promise<TreeEntry> {
  let chunks = root;
  let found: TreeEntry | undefined;
  for (const part of path.split('/')) {
    if (found && found.kind !== 'folder')
      throw new RoostError('not-found', `nothing at "${path}" in this snapshot`);
    found = (await readTree(reader, chunks)).entries.find(({ name }) => name === part);
    if (!found) throw new RoostError('not-found', `nothing at "${path}" in this snapshot`);
    chunks = found.chunks;
  }
  if (!found) throw new RoostError('usage', 'a path needs at least one part');
  return found;
}
