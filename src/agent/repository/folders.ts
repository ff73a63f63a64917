import { RoostError } from '../../core/errors.ts';
import type { Repository } from './repository.ts';

/** A folder chosen for backup and what its last run saved. */
export interface FolderRecord {
  readonly name: string;
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  readonly savedAt: number;
}

const KEY = 'folders';
type Row = [string, number, number, number, number];

export async function readFolders(repository: Repository): Promise<readonly FolderRecord[]> {
  const value = await repository.state(KEY);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new RoostError('corrupt', 'the local list of folders is damaged');
  return (value as Row[]).map(([name, files, folders, bytes, savedAt]) => ({
    name,
    files,
    folders,
    bytes,
    savedAt,
  }));
}

export async function writeFolders(repository: Repository, folders: readonly FolderRecord[]): Promise<void> {
  const rows: Row[] = folders.map(({ name, files, folders: count, bytes, savedAt }) => [
    name,
    files,
    count,
    bytes,
    savedAt,
  ]);
  await repository.apply([repository.operations.state(KEY, rows)]);
}
