import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderHandles } from '../../src/adapters/web/folder-handles.ts';
import { deleteDatabase } from '../../src/adapters/web/idb-database.ts';
import { webFolders } from '../../src/app/boot/folders.ts';
import type { ChosenFolder } from '../../src/app/services.ts';
import { privateFolder, uniqueName } from './browser/private-folder.ts';

let database: string;
let handles: FolderHandles;
beforeEach(async () => {
  database = uniqueName('folders');
  handles = await FolderHandles.open(database);
});
afterEach(async () => {
  handles.close();
  await deleteDatabase(database);
});

/** As if these folders were dropped on the page. */
function drop(...folders: readonly FileSystemDirectoryHandle[]): Promise<readonly ChosenFolder[]> {
  const items = folders.map((folder) => ({
    kind: 'file',
    getAsFile: () => null,
    getAsFileSystemHandle: async () => folder,
    webkitGetAsEntry: () => null,
  }));
  return webFolders(handles).fromDrop({ items } as never);
}

describe('folders of one name', () => {
  it('are told from each other by their handles', async () => {
    const [one, two] = [await privateFolder('photos'), await privateFolder('photos')];
    const [first, second] = await drop(one.folder, two.folder);
    expect(await first!.former()).toBe('unknown');
    await first!.keep();
    expect(await first!.former()).toBe('same');
    expect(await second!.former()).toBe('other');
    // Nothing is kept before it is decided.
    expect((await handles.all()).map(({ name }) => name)).toEqual(['photos']);
    await Promise.all([one.remove(), two.remove()]);
  });

  it('are known again under the name that they were given', async () => {
    const [one, two] = [await privateFolder('photos'), await privateFolder('photos')];
    const [first, second] = await drop(one.folder, two.folder);
    await first!.keep();
    const renamed = second!.named('photos (2)');
    expect(renamed.source.name).toBe('photos (2)');
    await renamed.keep();
    const [again, both] = await drop(two.folder, one.folder);
    expect([again!.name, both!.name]).toEqual(['photos (2)', 'photos']);
    expect(again!.source.name).toBe('photos (2)');
    expect(await again!.former()).toBe('same');
    const remembered = await webFolders(handles).remembered();
    expect(remembered.map(({ name }) => name)).toEqual(['photos', 'photos (2)']);
    const opened = await remembered[1]!.open();
    expect(opened?.source.name).toBe('photos (2)');
    await Promise.all([one.remove(), two.remove()]);
  });
});
