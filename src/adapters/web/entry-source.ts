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
      const reader = directory.createReader();
      // Browsers give about a hundred at a time, and none when all were given.
      for (let entries = await nextEntries(reader); entries.length > 0; entries = await nextEntries(reader)) {
        for (const entry of entries) {
          if (isFolderEntry(entry)) yield { kind: 'folder', name: entry.name, folder: folderOf(entry) };
          else if (isFileEntry(entry)) yield { kind: 'file', name: entry.name, open: () => entryFile(entry) };
        }
      }
    },
  };
}

function nextEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}
