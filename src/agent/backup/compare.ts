import { throwIfAborted } from '../cancellation.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { ChunkId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Repository } from '../repository/repository.ts';
import type { EntryTable } from './entry-table.ts';
import { FileIndex } from './file-index.ts';
import { fileKey, folderKey } from './file-keys.ts';
import type { ScannedSource } from './scan.ts';

/**
 * Compares a folder with the memory of its last scan: files of the same size and time have the chunks they had, when these are still
 * stored. Forgets files that are no more.
 * @param onSame called for each file that need not be read, with its bytes
 */
export async function compareWithMemory(
  { repository, clock }: { readonly repository: Repository; readonly clock: Clock },
  { source, table, files }: ScannedSource,
  onSame: (bytes: number) => void,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const folder = folderKey(source.name);
  let index: FileIndex | undefined;
  for await (const remembered of repository.cache.files(folder)) {
    throwIfAborted(signal);
    // Not made for the first run, which remembers nothing.
    index ??= await indexOf(table, files, folder, clock);
    const gone: string[] = [];
    const same: { readonly file: number; readonly chunks: readonly ChunkId[] }[] = [];
    for (const { key, record } of remembered) {
      await clock.pass();
      const file = index.get(key);
      if (file === undefined) gone.push(key);
      else if (table.size(file) === record.size && table.mtimeNs(file) === record.mtimeNs)
        same.push({ file, chunks: record.chunks });
    }
    const stored = await repository.storedChunks(same.flatMap(({ chunks }) => chunks));
    for (const { file, chunks } of same) {
      await clock.pass();
      if (!chunks.every((id) => stored.has(id))) continue;
      const size = table.size(file);
      table.save(file, chunks, size, false);
      onSame(size);
    }
    await repository.cache.forgetFiles(gone);
  }
}

async function indexOf(table: EntryTable, files: number, folder: string, clock: Clock): Promise<FileIndex> {
  const index = new FileIndex(files);
  for (const { entry, path } of table.files()) {
    await clock.pass();
    index.set(fileKey(folder, path), entry);
  }
  return index;
}
