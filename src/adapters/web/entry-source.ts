import type { ChildNode, FolderNode } from './folder-node.ts';
import { FolderSource } from './folder-source.ts';

/** A dropped folder in browsers without directory handles. */
export function entrySource(directory: FileSystemDirectoryEntry): FolderSource {
  return new FolderSource(directory.name, folderOf(directory));
}

/** The file of a dropped entry. */
export function entryFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

export const isFolderEntry = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
export const isFileEntry = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

function folderOf(directory: FileSystemDirectoryEntry): FolderNode {
  return {
    async *children(): AsyncGenerator<ChildNode> {
      for await (const entry of entriesIn(directory)) {
        const child = entryChild(entry);
        if (child) yield child;
      }
    },
  };
}

/** An entry as a child of its folder; undefined for what is neither file nor folder. */
export function entryChild(entry: FileSystemEntry): ChildNode | undefined {
  const { name } = entry;
  if (isFolderEntry(entry)) return { kind: 'folder', name, folder: folderOf(entry) };
  return isFileEntry(entry) ? { kind: 'file', name, open: () => entryFile(entry) } : undefined;
}

/** What lies in a folder. @throws DOMException */
export async function* entriesIn(directory: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry> {
  const reader = directory.createReader();
  // Browsers give about a hundred at a time, and none when all were given.
  for (let entries = await nextEntries(reader); entries.length > 0; entries = await nextEntries(reader))
    yield* entries;
}

function nextEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}
