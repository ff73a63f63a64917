import { RoostError } from '../../core/errors.ts';
import { mayUse } from './file-system-access.ts';
import type { ChildNode, FolderNode } from './folder-node.ts';
import { FolderSource } from './folder-source.ts';
import { isHiddenName } from './hidden-names.ts';

/**
 * A directory handle as a source, empty folders and all. It hides some files (hidden-names.ts).
 * Listing it rejects with RoostError 'denied' when the user does not allow reading (any more).
 */
export function handleSource(directory: FileSystemDirectoryHandle): FolderSource {
  const prepare = async (): Promise<void> => {
    if (!(await mayUse(directory, 'read'))) {
      throw new RoostError('denied', 'the browser was not allowed to read the folder');
    }
  };
  return new FolderSource(directory.name, folderOf(directory), { prepare, hides: isHiddenName });
}

function folderOf(directory: FileSystemDirectoryHandle): FolderNode {
  return {
    async *children(): AsyncGenerator<ChildNode> {
      for await (const [name, handle] of directory.entries()) yield handleChild(name, handle);
    },
  };
}

/** What a handle stands for, as a child of its folder. */
export function handleChild(
  name: string,
  handle: FileSystemFileHandle | FileSystemDirectoryHandle,
): ChildNode {
  return handle.kind === 'file'
    ? { kind: 'file', name, open: () => handle.getFile() }
    : { kind: 'folder', name, folder: folderOf(handle) };
}
