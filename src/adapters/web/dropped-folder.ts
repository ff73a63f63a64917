import { entryChild, entriesIn, isFolderEntry } from './entry-source.ts';
import type { ChildNode, FolderNode } from './folder-node.ts';
import { FolderSource } from './folder-source.ts';
import { handleChild } from './handle-source.ts';

/**
 * A dropped folder of a browser that gives handles and entries. A handle opens files faster and can be kept, but some files it
 * hides (hidden-names.ts); entries hide none, and last as long as the page does.
 */
export function droppedFolder(
  handle: FileSystemDirectoryHandle,
  entry: FileSystemDirectoryEntry,
): FolderSource {
  return new FolderSource(handle.name, folderOf(handle, entry));
}

function folderOf(handle: FileSystemDirectoryHandle, directory: FileSystemDirectoryEntry): FolderNode {
  return {
    async *children(): AsyncGenerator<ChildNode> {
      const hidden = new Map<string, FileSystemEntry>();
      for await (const entry of entriesIn(directory)) hidden.set(entry.name, entry);
      for await (const [name, child] of handle.entries()) {
        const entry = hidden.get(name);
        hidden.delete(name);
        yield child.kind === 'directory' && entry !== undefined && isFolderEntry(entry)
          ? { kind: 'folder', name, folder: folderOf(child, entry) }
          : handleChild(name, child);
      }
      for (const entry of hidden.values()) {
        const child = entryChild(entry);
        if (child) yield child;
      }
    },
  };
}
