import { describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { checkPlaces, readFolders, writeFolders } from '../../../src/agent/repository/folders.ts';
import { Repository } from '../../../src/agent/repository/repository.ts';
import type { Source } from '../../../src/ports/source.ts';
import { expectFault } from '../../contracts/expect-fault.ts';

const folder = (name: string, place?: string): Source => ({ name, place }) as unknown as Source;

describe('folders of one name', () => {
  it('do not take the place of each other in silence', async () => {
    const { platform } = createMemoryWorld({ seed: 'places', mode: 'auto' }).device('owner');
    const repository = new Repository(platform.meta);
    const saved = { files: 1, folders: 1, bytes: 2, savedAt: 3, hidden: 0 };
    await checkPlaces(repository, [folder('docs', '/work/docs')]);
    const records = [
      { name: 'docs', place: '/work/docs', ...saved },
      { name: 'dropped', place: undefined, ...saved },
    ];
    await writeFolders(repository, records);
    expect(await readFolders(repository)).toEqual(records);
    await checkPlaces(repository, [folder('docs', '/work/docs'), folder('new', '/srv/new')]);
    // A browser does not tell where a folder lies.
    await checkPlaces(repository, [folder('docs'), folder('dropped', '/home/dropped')]);
    await expectFault(checkPlaces(repository, [folder('docs', '/srv/docs')]), 'usage');
  });
});
