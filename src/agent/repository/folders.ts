import { RoostError } from '../../core/errors.ts';
import type { Source } from '../../ports/source.ts';
import type { Repository } from './repository.ts';

/** A folder chosen for backup and what its last run saved. */
export interface FolderRecord {
  readonly name: string;
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  readonly savedAt: number;
  /** files that the last run could not see, kept as they were saved before */
  readonly hidden: number;
  /** where it lay on this device; undefined where that is not known */
  readonly place: string | undefined;
}

const KEY = 'folders';
type Row = [string, number, number, number, number, string | null, number?];

export async function readFolders(repository: Repository): Promise<readonly FolderRecord[]> {
  const value = await repository.state(KEY);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new RoostError('corrupt', 'the local list of folders is damaged');
  return (value as Row[]).map(([name, files, folders, bytes, savedAt, place, hidden]) => ({
    name,
    files,
    folders,
    bytes,
    savedAt,
    hidden: hidden ?? 0,
    place: place ?? undefined,
  }));
}

export async function writeFolders(repository: Repository, folders: readonly FolderRecord[]): Promise<void> {
  const rows: Row[] = folders.map(({ name, files, folders: count, bytes, savedAt, place, hidden }) => [
    name,
    files,
    count,
    bytes,
    savedAt,
    place ?? null,
    hidden,
  ]);
  await repository.apply([repository.operations.state(KEY, rows)]);
}

/**
 * Two folders of one name would take each other's place in the snapshots.
 * @throws RoostError 'usage' when a folder of the same name was saved from another place
 */
export async function checkPlaces(repository: Repository, sources: readonly Source[]): Promise<void> {
  const known = new Map((await readFolders(repository)).map((folder) => [folder.name, folder.place]));
  for (const { name, place } of sources) {
    const before = known.get(name);
    if (before === undefined || place === undefined || before === place) continue;
    throw new RoostError(
      'usage',
      `a folder called "${name}" was saved before from ${before}, and this one is ${place}: give one of them another name, or say that it has moved`,
    );
  }
}
