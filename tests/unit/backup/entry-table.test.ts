import { describe, expect, it } from 'vitest';
import { EntryTable, ROOT } from '../../../src/agent/backup/entry-table.ts';
import { FileIndex } from '../../../src/agent/backup/file-index.ts';
import { fileKey, folderKey } from '../../../src/agent/backup/file-keys.ts';
import { chunkIdFromBytes } from '../../../src/core/ids.ts';
import type { ChunkId } from '../../../src/core/ids.ts';
import type { SourceEntry } from '../../../src/ports/source.ts';

const FOLDERS = 40;
const FILES_A_FOLDER = 60;
const NAMES = ['plain.txt', 'Käse', '日本語.md', '🦉 owl', '\ufeffmark', 'x'.repeat(300)];

/** Different for each number. */
function entryOf(kind: SourceEntry['kind'], path: string, i: number): SourceEntry {
  return {
    kind,
    path,
    size: i * 3_000_000_000,
    mtimeNs: BigInt(i) * -1_000_000_007n,
    mode: i % 3 === 0 ? undefined : i % 4096,
    owner: i % 2 === 0 ? undefined : { uid: i % 7, gid: i % 5 },
    target: kind === 'link' ? `../${i}` : undefined,
  };
}

function chunkId(i: number): ChunkId {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, i);
  return chunkIdFromBytes(bytes);
}

/** More entries than its first arrays hold. */
function filled(): { table: EntryTable; added: Map<number, { entry: SourceEntry; folder: number }> } {
  const table = new EntryTable('root');
  const added = new Map<number, { entry: SourceEntry; folder: number }>();
  const add = (folder: number, name: string, kind: SourceEntry['kind'], path: string): number => {
    const entry = entryOf(kind, path, added.size);
    const number = table.add(folder, name, entry);
    added.set(number, { entry, folder });
    return number;
  };
  let above = { number: ROOT, path: '' };
  for (let i = 0; i < FOLDERS; i++) {
    const path = above.path === '' ? `folder ${i}` : `${above.path}/folder ${i}`;
    const number = add(above.number, `folder ${i}`, 'folder', path);
    for (let file = 0; file < FILES_A_FOLDER; file++) {
      const name = `${file} ${NAMES[file % NAMES.length]!}`;
      add(number, name, file % 10 === 9 ? 'link' : 'file', `${path}/${name}`);
    }
    above = i % 8 === 7 ? { number: ROOT, path: '' } : { number, path };
  }
  return { table, added };
}

describe('The table of what a scan found', () => {
  it('tells of each entry what the source told', () => {
    const { table, added } = filled();
    expect(table.length).toBe(added.size + 1);
    for (const [number, { entry, folder }] of added) {
      expect({
        kind: table.kind(number),
        path: table.path(number),
        size: table.size(number),
        mtimeNs: table.mtimeNs(number),
        mode: table.mode(number),
        owner: table.owner(number),
        target: table.target(number),
      }).toEqual(entry);
      expect(entry.path.endsWith(table.name(number))).toBe(true);
      expect(table.folderOf(number)).toBe(folder);
    }
  });

  it('has the entries of each folder in their order, and folders after those that they lie in', () => {
    const { table, added } = filled();
    const folders = [...table.folders()];
    expect(folders).toHaveLength(FOLDERS + 1);
    for (const folder of folders) {
      const expected = [...added].filter(([, { folder: of }]) => of === folder).map(([number]) => number);
      expect([...table.children(folder)]).toEqual(expected);
      if (folder !== ROOT) expect(table.folderOf(folder)).toBeLessThan(folder);
    }
  });

  it('knows what was saved of each file, and what is still to be read', () => {
    const { table } = filled();
    const files = [...table.files()];
    let chunks = 0;
    const contents = files.map((_, i) => Array.from({ length: i % 9 }, () => chunkId(chunks++)));
    const unsaved = table.unsaved();
    expect(unsaved.next().value?.entry).toBe(files[0]!.entry);
    files.forEach(({ entry }, i) => {
      if (i % 5 !== 4) table.save(entry, contents[i]!, i, i % 7 === 0);
    });
    files[4]!.setFault('gone');
    expect([unsaved.next().value?.entry, unsaved.next().value?.entry]).toEqual(
      [files[4], files[9]].map((file) => file?.entry),
    );
    files.forEach(({ entry, size }, i) => {
      const saved = i % 5 !== 4;
      expect(table.chunks(entry)).toEqual(saved ? contents[i] : undefined);
      expect(table.size(entry)).toBe(saved ? i : size);
      expect(table.changed(entry)).toBe(saved && i % 7 === 0);
    });
    const left = files.filter((_, i) => i % 5 === 4);
    expect(table.unsavedBytes()).toBe(left.reduce((sum, { size }) => sum + size, 0));
    expect([...table.troubled()]).toEqual(
      files.filter((_, i) => i === 4 || (i % 5 !== 4 && i % 7 === 0)).map(({ entry }) => entry),
    );
    expect(files[4]!.fault).toBe('gone');
  });
});

describe('The index of scanned files', () => {
  it('finds each file by its key, and none that is not there', () => {
    const folder = folderKey('root');
    const keys = Array.from({ length: 3_000 }, (_, i) => fileKey(folder, `file ${i}`));
    const index = new FileIndex(keys.length);
    keys.forEach((key, i) => index.set(key, i + 1));
    expect(keys.map((key) => index.get(key))).toEqual(keys.map((_, i) => i + 1));
    expect(index.get(fileKey(folder, 'another'))).toBeUndefined();
    expect(new FileIndex(0).get(keys[0]!)).toBeUndefined();
  });

  it('tells keys apart that begin alike', () => {
    const index = new FileIndex(3);
    const keys = ['0', '1', 'f'].map((end) => `${folderKey('root')}${'ab'.repeat(15)}0${end}`);
    keys.forEach((key, i) => index.set(key, i + 1));
    expect(keys.map((key) => index.get(key))).toEqual([1, 2, 3]);
  });
});
