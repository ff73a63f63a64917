import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { fileKey, folderKey } from '../../../src/agent/backup/file-keys.ts';
import { isKnownFolder } from '../../../src/agent/backup/known-folder.ts';
import { Repository } from '../../../src/agent/repository/repository.ts';
import type { SourceEntry } from '../../../src/ports/source.ts';

/** More than are looked up at once. */
const MANY = 1_500;

describe('A folder is known', () => {
  it('when one of its files was saved under its name as it is now', async () => {
    const { platform } = createMemoryWorld({ seed: 'known', mode: 'auto' }).device('owner');
    const repository = new Repository(platform.meta);
    const files = Object.fromEntries(
      Array.from({ length: MANY }, (_, at) => [`${String(at).padStart(4, '0')}.txt`, 'content']),
    );
    const source = new MemorySource('photos', files);
    expect(await isKnownFolder(repository, source)).toBe(false);
    const entries = await Array.fromAsync(source.entries());
    const last = entries.findLast((entry): entry is SourceEntry => entry.kind === 'file')!;
    const remember = (size: number): Promise<void> =>
      repository.cache.putFiles([
        {
          key: fileKey(folderKey('photos'), last.path),
          record: { size, mtimeNs: last.mtimeNs, chunks: [] },
        },
      ]);
    await remember(last.size + 1);
    expect(await isKnownFolder(repository, source)).toBe(false);
    await remember(last.size);
    expect(await isKnownFolder(repository, source)).toBe(true);
    expect(await isKnownFolder(repository, new MemorySource('other', files))).toBe(false);
  });
});
