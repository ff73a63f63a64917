import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import type { AbortControllerLike } from '../../src/ports/clock.ts';
import type { Source, SourceEntry, SourceFault } from '../../src/ports/source.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

/** The folder that `make` must give as a source; folders come from the paths. */
export const CONTRACT_FILES: readonly { readonly path: string; readonly bytes: Bytes }[] = [
  { path: 'a.txt', bytes: new TextEncoder().encode('first\n') },
  { path: 'empty', bytes: new Uint8Array(0) },
  { path: 'folder/large.bin', bytes: patternBytes(300_000, 3) },
  { path: 'folder/inner/deep.txt', bytes: patternBytes(10, 4) },
  { path: 'folder.txt', bytes: patternBytes(20, 5) },
  { path: 'Zoë 中文 \u{1F600}.txt', bytes: patternBytes(30, 6) },
];

export interface SourceHarness {
  readonly source: Source;
  /** Rewrites a file in place; undefined where the platform's files cannot change (a list of picked files). */
  change?(path: string, bytes: Bytes): Promise<void>;
  remove?(path: string): Promise<void>;
  abortController(): AbortControllerLike;
  cleanUp?(): Promise<void>;
}

export interface SourceContractOptions {
  /** false where files cannot be changed or removed behind the source */
  readonly changes?: boolean;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What every source must keep. `make` gives a source named 'root' that holds CONTRACT_FILES and nothing else. */
export function sourceContract(
  name: string,
  make: () => Promise<SourceHarness>,
  options: SourceContractOptions = {},
): void {
  describe(`${name} keeps the source contract`, () => {
    let harness: SourceHarness;
    let source: Source;
    beforeEach(async () => {
      harness = await make();
      source = harness.source;
    });
    afterEach(async () => harness.cleanUp?.());

    async function list(): Promise<(SourceEntry | SourceFault)[]> {
      const entries: (SourceEntry | SourceFault)[] = [];
      for await (const entry of source.entries()) entries.push(entry);
      return entries;
    }

    it('is called by one path part', () => {
      expect(source.name).toBe('root');
    });

    it('lists every file and folder once with its kind and size', async () => {
      const entries = await list();
      const folders = entries.filter((entry) => entry.kind === 'folder').map((entry) => entry.path);
      expect(folders.sort()).toEqual(['', 'folder', 'folder/inner']);
      const files = entries.filter((entry): entry is SourceEntry => entry.kind === 'file');
      expect(files.map((entry) => entry.path).sort()).toEqual(CONTRACT_FILES.map((file) => file.path).sort());
      for (const file of CONTRACT_FILES) {
        const entry = files.find((candidate) => candidate.path === file.path);
        expect(entry?.size).toBe(file.bytes.length);
        expect(typeof entry?.mtimeNs).toBe('bigint');
        expect(entry?.target).toBeUndefined();
      }
      expect(entries.length).toBe(folders.length + files.length);
    });

    it('lists the root first, parents before children and children of one folder in a row', async () => {
      const entries = await list();
      expect(entries[0]?.path).toBe('');
      expect(entries[0]?.kind).toBe('folder');
      const seen = new Set<string>(['']);
      const ended = new Set<string>();
      let open: string | undefined;
      for (const { path } of entries.slice(1)) {
        const parent = parentOf(path);
        expect(seen.has(parent), `${path} comes before its folder`).toBe(true);
        if (parent !== open) {
          expect(ended.has(parent), `children of "${parent}" are not in a row`).toBe(false);
          if (open !== undefined) ended.add(open);
          open = parent;
        }
        seen.add(path);
      }
    });

    it('can be listed twice', async () => {
      const first = (await list()).map((entry) => entry.path);
      expect((await list()).map((entry) => entry.path).sort()).toEqual(first.sort());
    });

    it('reads any range of a file, less only at its end', async () => {
      await list();
      for (const file of CONTRACT_FILES) {
        expectBytes(await source.read(file.path, 0, file.bytes.length), file.bytes);
      }
      const large = patternBytes(300_000, 3);
      expectBytes(await source.read('folder/large.bin', 65_536, 65_536), large.subarray(65_536, 131_072));
      expectBytes(await source.read('folder/large.bin', 299_990, 1000), large.subarray(299_990));
      expect((await source.read('folder/large.bin', 300_000, 1000)).length).toBe(0);
      expect((await source.read('empty', 0, 100)).length).toBe(0);
    });

    it('reads many ranges to their places in one buffer, and tells what it could not read', async () => {
      if (!source.readInto) return;
      const entries = new Map((await list()).map((entry) => [entry.path, entry]));
      const whole = CONTRACT_FILES.map(({ path, bytes }) => ({ path, offset: 0, length: bytes.length }));
      const ranges = [
        ...whole,
        { path: 'folder/large.bin', offset: 299_000, length: 5000 },
        { path: 'a.txt', offset: 0, length: 6 },
      ];
      const start = 7;
      const given = new Uint8Array(start + ranges.reduce((sum, { length }) => sum + length, 0) + 3).fill(
        0xee,
      );
      const length = given.length;
      const { buffer, reads } = await source.readInto(given, start, ranges);
      expect(buffer.length).toBe(length);
      expectBytes(buffer.subarray(0, start), new Uint8Array(start).fill(0xee));
      let at = start;
      for (const [i, range] of ranges.entries()) {
        const content = CONTRACT_FILES.find(({ path }) => path === range.path)?.bytes;
        const wanted = content!.subarray(range.offset, range.offset + range.length);
        const { size, mtimeNs } = entries.get(range.path) as SourceEntry;
        expect(reads[i]).toMatchObject({ bytes: wanted.length, size, mtimeNs });
        expectBytes(buffer.subarray(at, at + wanted.length), wanted);
        at += range.length;
      }
    });

    it('tells the size and time of a file as it listed them', async () => {
      for (const entry of await list()) {
        if (entry.kind !== 'file') continue;
        const stat = await source.stat(entry.path);
        expect(stat.size).toBe(entry.size);
        expect(stat.mtimeNs).toBe(entry.mtimeNs);
      }
    });

    it('rejects what is not there as not-found', async () => {
      await list();
      await expectFault(source.read('not-there', 0, 10), 'not-found');
      await expectFault(source.stat('folder/not-there'), 'not-found');
    });

    it('stops listing when it is told to', async () => {
      const controller = harness.abortController();
      controller.abort();
      await expectFault(
        (async () => {
          for await (const _entry of source.entries({ signal: controller.signal }));
        })(),
        'aborted',
      );
    });

    if (options.changes !== false) {
      it('shows a change of a file in its size, its time or its fault', async () => {
        const before = (await list()).find((entry) => entry.path === 'a.txt') as SourceEntry;
        await harness.change?.('a.txt', patternBytes(77, 8));
        const changed = await source.stat('a.txt').then(
          (stat) => stat.size !== before.size || stat.mtimeNs !== before.mtimeNs,
          (error: unknown) => (error as { fault?: string }).fault === 'corrupt',
        );
        expect(changed).toBe(true);
      });

      it('rejects a file that went away after it was listed', async () => {
        await list();
        await harness.remove?.('a.txt');
        await expectFault(source.read('a.txt', 0, 10), 'not-found');
        await expectFault(source.stat('a.txt'), 'not-found');
      });

      it('reads the others where one of many went away', async () => {
        if (!source.readInto) return;
        await list();
        await harness.remove?.('a.txt');
        const ranges = ['a.txt', 'folder.txt'].map((path) => ({ path, offset: 0, length: 20 }));
        const { buffer, reads } = await source.readInto(new Uint8Array(40), 0, ranges);
        expect(reads[0]).toEqual({ reason: expect.any(String) });
        expect(reads[1]).toMatchObject({ bytes: 20, size: 20 });
        expectBytes(buffer.subarray(20), patternBytes(20, 5));
      });
    }
  });
}
