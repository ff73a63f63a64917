import { describe, expect, it } from 'vitest';
import { droppedSources } from '../../src/adapters/web/dropped-sources.ts';
import { entrySource } from '../../src/adapters/web/entry-source.ts';
import { fileListSources } from '../../src/adapters/web/file-list-source.ts';
import type { FolderNode } from '../../src/adapters/web/folder-node.ts';
import { FolderSource } from '../../src/adapters/web/folder-source.ts';
import { handleSource } from '../../src/adapters/web/handle-source.ts';
import type { FilledBuffer, RangeRead, Source } from '../../src/ports/source.ts';
import { fileAt, privateFolder, writeFile } from './browser/private-folder.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';
import { CONTRACT_FILES, sourceContract } from './source.ts';

/** As `<input webkitdirectory>` gives it. */
function pickedFile(path: string, bytes: Uint8Array<ArrayBuffer>, lastModified = 1_600_000_000_123): File {
  const file = new File([bytes], path.split('/').at(-1) ?? '', { lastModified });
  Object.defineProperty(file, 'webkitRelativePath', { value: path });
  return file;
}

/** A folder of dropped entries, in groups as browsers give them. */
function fakeEntry(
  name: string,
  files: readonly { path: string; bytes: Uint8Array<ArrayBuffer> }[],
): FileSystemEntry {
  const names = new Map<string, { path: string; bytes: Uint8Array<ArrayBuffer> }[]>();
  for (const { path, bytes } of files) {
    const [first = '', ...rest] = path.split('/');
    names.set(first, [...(names.get(first) ?? []), { path: rest.join('/'), bytes }]);
  }
  const children = [...names].map(([child, below]): FileSystemEntry => {
    const only = below[0];
    if (below.length === 1 && only?.path === '') {
      const file = new File([only.bytes], child, { lastModified: 1_600_000_000_000 });
      return {
        isFile: true,
        isDirectory: false,
        name: child,
        file: (done: (file: File) => void) => done(file),
      } as never;
    }
    return fakeEntry(child, below);
  });
  return {
    isFile: false,
    isDirectory: true,
    name,
    createReader: () => {
      const left = [...children];
      return { readEntries: (done: (entries: FileSystemEntry[]) => void) => done(left.splice(0, 2)) };
    },
  } as never;
}

const abortController = (): AbortController => new AbortController();

async function listPaths(source: Source): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of source.entries()) paths.push(path);
  return paths.sort();
}

sourceContract('a directory handle', async () => {
  const { folder, remove } = await privateFolder('root');
  for (const { path, bytes } of CONTRACT_FILES) await writeFile(folder, path, bytes);
  return {
    source: handleSource(folder),
    change: (path, bytes) => writeFile(folder, path, bytes),
    remove: async (path) => {
      const { parent, name } = await fileAt(folder, path);
      await parent.removeEntry(name);
    },
    abortController,
    cleanUp: remove,
  };
});

sourceContract(
  'a list of picked files',
  async () => {
    const files = CONTRACT_FILES.map(({ path, bytes }) => pickedFile(`root/${path}`, bytes));
    const [source] = await fileListSources(files, 'Files');
    return { source: source!, abortController };
  },
  { changes: false },
);

sourceContract(
  'a dropped entry',
  async () => ({
    source: entrySource(fakeEntry('root', CONTRACT_FILES) as FileSystemDirectoryEntry),
    abortController,
  }),
  { changes: false },
);

describe('a directory handle as a source', () => {
  it('sees empty folders', async () => {
    const { folder, remove } = await privateFolder('root');
    await folder.getDirectoryHandle('empty', { create: true });
    expect(await listPaths(handleSource(folder))).toEqual(['', 'empty']);
    await remove();
  });

  it('reads every one of 300 small files asked for at once', async () => {
    const { folder, remove } = await privateFolder('root');
    const names = Array.from({ length: 300 }, (_, index) => `file-${index}`);
    for (const [index, name] of names.entries())
      await writeFile(folder, name, patternBytes(index * 7, index + 1));
    const source = handleSource(folder);
    expect((await listPaths(source)).length).toBe(301);
    const contents = await Promise.all(names.map((name) => source.read(name, 0, 10_000)));
    for (const [index, bytes] of contents.entries()) expectBytes(bytes, patternBytes(index * 7, index + 1));
    await remove();
  });

  it('fails only the file that changed among many read at once', async () => {
    const { folder, remove } = await privateFolder('root');
    for (const name of ['a', 'b', 'c']) await writeFile(folder, name, patternBytes(100));
    const source = handleSource(folder);
    await listPaths(source);
    await writeFile(folder, 'b', patternBytes(200, 2));
    const [a, , c] = await Promise.all([
      source.read('a', 0, 100),
      expectFault(source.read('b', 0, 100), 'corrupt'),
      source.read('c', 0, 100),
    ]);
    expectBytes(a, patternBytes(100));
    expectBytes(c, patternBytes(100));
    await source.stat('b');
    expectBytes(await source.read('b', 0, 200), patternBytes(200, 2));
    await remove();
  });

  it('fails only the file that changed when all are read in one call', async () => {
    const { folder, remove } = await privateFolder('root');
    for (const name of ['a', 'b', 'c']) await writeFile(folder, name, patternBytes(100));
    const source = handleSource(folder);
    await listPaths(source);
    // As long as before: only its time tells.
    await writeFile(folder, 'b', patternBytes(100, 2));
    const ranges = ['a', 'b', 'c'].map((path) => ({ path, offset: 0, length: 100 }));
    const { buffer, reads } = await source.readInto(new Uint8Array(300), 0, ranges);
    expect(reads.map((read) => ('reason' in read ? 'failed' : read.bytes))).toEqual([100, 'failed', 100]);
    expectBytes(buffer.subarray(0, 100), patternBytes(100));
    expectBytes(buffer.subarray(200), patternBytes(100));
    await remove();
  });

  it('reads files longer than the browser hands over at a time, and only fails the one that changed', async () => {
    const { folder, remove } = await privateFolder('root');
    const names = ['a', 'b', 'c'];
    for (const [seed, name] of names.entries())
      await writeFile(folder, name, patternBytes(3_000_000 + seed, seed));
    const source = handleSource(folder);
    await listPaths(source);
    await writeFile(folder, 'b', patternBytes(3_000_001, 9));
    const ranges = names.map((path, seed) => ({ path, offset: 1, length: 2_999_999 + seed }));
    const given = new Uint8Array(ranges.reduce((sum, { length }) => sum + length, 5));
    const { buffer, reads } = await source.readInto(given, 5, ranges);
    expect(given.length).toBe(0);
    expect(reads[0]).toMatchObject({ bytes: 2_999_999 });
    expect(reads[1]).toEqual({ reason: expect.any(String) });
    expectBytes(buffer.subarray(5, 5 + 2_999_999), patternBytes(3_000_000, 0).subarray(1));
    expectBytes(buffer.subarray(-3_000_001), patternBytes(3_000_002, 2).subarray(1));
    await remove();
  });

  it('reads windows in any order, of several files, two asked for at a time', async () => {
    const { folder, remove } = await privateFolder('root');
    const files = [
      { name: 'a', bytes: patternBytes(3_500_000, 1) },
      { name: 'b', bytes: patternBytes(1_200_000, 2) },
    ];
    for (const { name, bytes } of files) await writeFile(folder, name, bytes);
    const source = handleSource(folder);
    await listPaths(source);
    const [a, b] = files;
    const window = 1_000_000;
    // in a row, back, to another file and on again, beyond the end
    const asked = [
      { file: a!, offset: 0 },
      { file: a!, offset: window },
      { file: a!, offset: 2 * window },
      { file: a!, offset: window },
      { file: b!, offset: 0 },
      { file: b!, offset: window },
      { file: a!, offset: 3 * window },
      { file: a!, offset: 4 * window },
    ];
    const check = async ({ file, offset }: (typeof asked)[number]): Promise<void> => {
      const given = new Uint8Array(window + 20).fill(0xee);
      const { buffer, reads } = await source.readInto(given, 7, [
        { path: file.name, offset, length: window },
      ]);
      const wanted = file.bytes.subarray(offset, offset + window);
      expect(reads).toMatchObject([{ bytes: wanted.length, size: file.bytes.length }]);
      expect(buffer.length).toBe(window + 20);
      expectBytes(buffer.subarray(7, 7 + wanted.length), wanted);
      expectBytes(buffer.subarray(0, 7), new Uint8Array(7).fill(0xee));
      expectBytes(buffer.subarray(7 + window), new Uint8Array(13).fill(0xee));
    };
    for (let i = 0; i < asked.length; i += 2) await Promise.all(asked.slice(i, i + 2).map(check));
    await remove();
  });

  it('fails the window of a file that changed since the one before, gives the buffer back, and reads on elsewhere', async () => {
    const { folder, remove } = await privateFolder('root');
    await writeFile(folder, 'a', patternBytes(4_000_000, 1));
    await writeFile(folder, 'b', patternBytes(2_000_000, 2));
    const source = handleSource(folder);
    await listPaths(source);
    const read = (path: string, offset: number): Promise<FilledBuffer> =>
      source.readInto(new Uint8Array(1_000_000), 0, [{ path, offset, length: 1_000_000 }]);
    const before = (await read('a', 0)).reads[0] as RangeRead;
    await writeFile(folder, 'a', patternBytes(5_000_000, 3));
    const failed = await read('a', 1_000_000);
    expect(failed.buffer.length).toBe(1_000_000);
    const [second] = failed.reads;
    const told = second !== undefined && ('reason' in second || second.size !== before.size);
    expect(told).toBe(true);
    const { buffer, reads } = await read('b', 0);
    expect(reads).toMatchObject([{ bytes: 1_000_000 }]);
    expectBytes(buffer, patternBytes(2_000_000, 2).subarray(0, 1_000_000));
    await remove();
  });

  it('rejects the listing with denied when the user does not allow it', async () => {
    const { folder, remove } = await privateFolder('root');
    Object.defineProperty(folder, 'queryPermission', { value: async () => 'prompt' });
    Object.defineProperty(folder, 'requestPermission', { value: async () => 'denied' });
    await expectFault(listPaths(handleSource(folder)), 'denied');
    await remove();
  });

  it('tells a folder that went away instead of failing the rest', async () => {
    const { folder, remove } = await privateFolder('root');
    await writeFile(folder, 'gone/file', patternBytes(10));
    await writeFile(folder, 'kept', patternBytes(10));
    const kinds = new Map<string, string>();
    for await (const entry of handleSource(folder).entries()) {
      if (entry.path === 'gone' && entry.kind === 'folder')
        await folder.removeEntry('gone', { recursive: true });
      kinds.set(`${entry.kind} ${entry.path}`, entry.kind);
    }
    expect([...kinds.keys()].sort()).toEqual(['file kept', 'folder ', 'folder gone', 'unreadable gone']);
    await remove();
  });
});

describe('picked files as sources', () => {
  it('are one source for each folder, and one for files without a folder', async () => {
    const sources = await fileListSources(
      [
        pickedFile('photos/2020/a.jpg', patternBytes(1)),
        pickedFile('notes/b.txt', patternBytes(2)),
        new File(['1'], 'c.txt'),
        new File(['2'], 'c.txt'),
      ],
      'Files',
    );
    expect(sources.map(({ name }) => name)).toEqual(['photos', 'notes', 'Files']);
    expect(await listPaths(sources[0]!)).toEqual(['', '2020', '2020/a.jpg']);
    expect(await listPaths(sources[2]!)).toEqual(['', 'c (2).txt', 'c.txt']);
  });
});

describe('what is dropped', () => {
  const transfer = (...items: object[]): DataTransfer => ({ items }) as never;

  it('becomes a source for each folder and one for all loose files, by handles', async () => {
    const { folder, remove } = await privateFolder('root');
    await writeFile(folder, 'inside', patternBytes(5));
    await writeFile(folder, 'loose.txt', patternBytes(6));
    const loose = await folder.getFileHandle('loose.txt');
    const item = (handle: FileSystemHandle): object => ({
      kind: 'file',
      getAsFile: () => null,
      getAsFileSystemHandle: async () => handle,
      webkitGetAsEntry: () => null,
    });
    const sources = await droppedSources(transfer(item(folder), item(loose), { kind: 'string' }), 'Files');
    expect(sources.map(({ source, handle }) => [source.name, handle])).toEqual([
      ['root', folder],
      ['Files', undefined],
    ]);
    expect(await listPaths(sources[1]!.source)).toEqual(['', 'loose.txt']);
    await remove();
  });

  it('shows by its entry what its handle hides', async () => {
    const { folder, remove } = await privateFolder('root');
    await writeFile(folder, 'seen.txt', patternBytes(5));
    await writeFile(folder, 'folder/seen.txt', patternBytes(6));
    await writeFile(folder, 'made-meanwhile.txt', patternBytes(7));
    const entry = fakeEntry('root', [
      { path: 'seen.txt', bytes: patternBytes(1) },
      { path: 'why?', bytes: patternBytes(2, 1) },
      { path: 'folder/seen.txt', bytes: patternBytes(3) },
      { path: 'folder/a:b', bytes: patternBytes(4, 2) },
      { path: 'c:/deep.txt', bytes: patternBytes(8, 3) },
    ]);
    const item = {
      kind: 'file',
      getAsFile: () => null,
      getAsFileSystemHandle: async () => folder,
      webkitGetAsEntry: () => entry,
    };
    const [dropped] = await droppedSources(transfer(item), 'Files');
    const { source, handle } = dropped!;
    expect(handle).toBe(folder);
    expect(source.hides).toBeUndefined();
    expect(await listPaths(source)).toEqual([
      '',
      'c:',
      'c:/deep.txt',
      'folder',
      'folder/a:b',
      'folder/seen.txt',
      'made-meanwhile.txt',
      'seen.txt',
      'why?',
    ]);
    expect((await source.stat('seen.txt')).size).toBe(5);
    expectBytes(await source.read('folder/a:b', 0, 10), patternBytes(4, 2));
    expect(handleSource(folder).hides?.('why?')).toBe(true);
    await remove();
  });

  it('becomes sources by entries where there are no handles', async () => {
    const entry = fakeEntry('root', CONTRACT_FILES);
    const item = { kind: 'file', getAsFile: () => null, webkitGetAsEntry: () => entry };
    const [dropped] = await droppedSources(transfer(item), 'Files');
    expect(dropped?.source.name).toBe('root');
    expect((await listPaths(dropped!.source)).length).toBe(9);
  });
});

describe('a folder of the browser', () => {
  it('is listed in order, while the files of the next folders are opened already', async () => {
    const opened: string[] = [];
    let open = (): void => undefined;
    const first = new Promise<void>((resolve) => (open = resolve));
    const folder = (name: string, wait: Promise<void>): FolderNode => ({
      async *children() {
        yield {
          kind: 'file',
          name: `${name}.txt`,
          open: async () => {
            opened.push(name);
            await wait;
            return new File([name], `${name}.txt`);
          },
        };
        await Promise.resolve();
      },
    });
    const names = Array.from({ length: 5 }, (_, i) => `folder-${i}`);
    const root: FolderNode = {
      async *children() {
        for (const [i, name] of names.entries())
          yield { kind: 'folder', name, folder: folder(name, i === 0 ? first : Promise.resolve()) };
        await Promise.resolve();
      },
    };
    const listed: string[] = [];
    const listing = (async () => {
      for await (const { path } of new FolderSource('root', root).entries()) listed.push(path);
    })();
    await expect.poll(() => opened).toEqual(names);
    expect(listed).toEqual(['', ...names]);
    open();
    await listing;
    expect(listed).toEqual(['', ...names, ...names.map((name) => `${name}/${name}.txt`)]);
  });

  it('ends when it is told to, with the next folders under way', async () => {
    const controller = new AbortController();
    const endless = (): FolderNode => ({
      async *children() {
        for (let i = 0; ; i++) {
          yield { kind: 'folder', name: `${i}`, folder: endless() };
          await Promise.resolve();
        }
      },
    });
    const source = new FolderSource('root', endless());
    const listing = (async () => {
      let seen = 0;
      for await (const entry of source.entries({ signal: controller.signal })) {
        if (entry.path !== '' && ++seen === 500) controller.abort();
      }
    })();
    await expectFault(listing, 'aborted');
  });
});
