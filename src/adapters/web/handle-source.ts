import { RoostError } from '../../core/errors.ts';
import { mayUse } from './file-system-access.ts';
import type { ChildNode, FolderNode } from './folder-node.ts';
import { FolderSource } from './folder-source.ts';

/**
 * A picked or dropped directory handle as a source, empty folders and all.
 * Listing it rejects with RoostError 'denied' when the user does not allow reading (any more).
 */
export function handleSource(directory: FileSystemDirectoryHandle): FolderSource {
  return new FolderSource(directory.name, folderOf(directory), async () => {
    if (!(await mayUse(directory, 'read'))) {
      throw new RoostError('denied', 'the browser was not allowed to read the folder');
    }
  });
}

function folderOf(directory: FileSystemDirectoryHandle): FolderNode {
  return {
    async *children(): AsyncGenerator<ChildNode> {
      for await (const [name, handle] of directory.entries()) {
        yield handle.kind === 'file'
          ? { kind: 'file', name, open: () => handle.getFile() }
          : { kind: 'folder', name, folder: folderOf(handle) };
      }
    },
  };
}
