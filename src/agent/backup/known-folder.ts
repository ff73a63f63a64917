import type { Source } from '../../ports/source.ts';
import type { Repository } from '../repository/repository.ts';
import { fileKey, folderKey } from './file-keys.ts';

const LOOKUP_BATCH = 1_000;

interface Listed {
  readonly key: string;
  readonly size: number;
  readonly mtimeNs: bigint;
}

/** Whether some file was saved before under the folder's name, with the size and time that it has now. */
export async function isKnownFolder(repository: Repository, source: Source): Promise<boolean> {
  const folder = folderKey(source.name);
  const anyKnown = async (files: readonly Listed[]): Promise<boolean> => {
    const records = await repository.cache.filesAt(files.map(({ key }) => key));
    return files.some(
      ({ size, mtimeNs }, at) => records[at]?.size === size && records[at].mtimeNs === mtimeNs,
    );
  };
  let batch: Listed[] = [];
  for await (const entry of source.entries()) {
    if (entry.kind !== 'file') continue;
    const { path, size, mtimeNs } = entry;
    batch.push({ key: fileKey(folder, path), size, mtimeNs });
    if (batch.length < LOOKUP_BATCH) continue;
    if (await anyKnown(batch)) return true;
    batch = [];
  }
  return anyKnown(batch);
}
