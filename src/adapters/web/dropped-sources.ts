import { droppedFolder } from './dropped-folder.ts';
import { entryFile, entrySource, isFileEntry, isFolderEntry } from './entry-source.ts';
import { fileListSources } from './file-list-source.ts';
import type { HandleItem } from './file-system-access.ts';
import type { FolderSource } from './folder-source.ts';
import { handleSource } from './handle-source.ts';

export interface DroppedSource {
  readonly source: FolderSource;
  /** of a folder, where the browser has handles */
  readonly handle: FileSystemDirectoryHandle | undefined;
}

type Dropped = DroppedSource | File | undefined;

/**
 * What was dropped, as sources: one for each folder, and one called `looseName` for all files beside them. It must be called
 * in the drop event itself: the items are empty afterwards.
 */
export function droppedSources(transfer: DataTransfer, looseName: string): Promise<readonly DroppedSource[]> {
  const dropped = [...transfer.items].filter(({ kind }) => kind === 'file').map(takeItem);
  return gather(dropped, looseName);
}

/** Everything here that touches the item runs before the first wait. */
function takeItem(item: DataTransferItem & HandleItem): Promise<Dropped> {
  const file = item.getAsFile() ?? undefined;
  const entry = item.webkitGetAsEntry();
  if (item.getAsFileSystemHandle !== undefined) return fromHandle(item.getAsFileSystemHandle(), entry, file);
  return fromEntry(entry, file);
}

async function fromHandle(
  promised: Promise<FileSystemHandle | null>,
  entry: FileSystemEntry | null,
  file: File | undefined,
): Promise<Dropped> {
  const handle = await promised;
  if (handle instanceof FileSystemDirectoryHandle) {
    const whole = entry !== null && isFolderEntry(entry);
    return { source: whole ? droppedFolder(handle, entry) : handleSource(handle), handle };
  }
  return handle instanceof FileSystemFileHandle ? handle.getFile() : file;
}

async function fromEntry(entry: FileSystemEntry | null, file: File | undefined): Promise<Dropped> {
  if (entry !== null && isFolderEntry(entry)) return { source: entrySource(entry), handle: undefined };
  return entry !== null && isFileEntry(entry) ? entryFile(entry) : file;
}

async function gather(
  promised: readonly Promise<Dropped>[],
  looseName: string,
): Promise<readonly DroppedSource[]> {
  const dropped = await Promise.all(promised);
  const files = dropped.filter((item) => item instanceof File);
  const folders = dropped.filter(
    (item): item is DroppedSource => item !== undefined && !(item instanceof File),
  );
  const loose = (await fileListSources(files, looseName)).map((source) => ({ source, handle: undefined }));
  return [...folders, ...loose];
}
