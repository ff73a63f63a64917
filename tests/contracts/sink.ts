import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import type { RestoredEntry, Sink } from '../../src/ports/sink.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

/** What lies in the target after `finish` (or `abort`). */
export interface WrittenEntry {
  readonly kind: 'file' | 'folder' | 'link';
  /** of a file */
  readonly bytes?: Bytes;
  readonly target?: string;
  readonly mtimeNs?: bigint;
  readonly mode?: number;
}

export interface SinkHarness {
  readonly sink: Sink;
  /** All that is in the target and, where there is a place outside, nothing else; by path. */
  written(): Promise<ReadonlyMap<string, WrittenEntry>>;
  /** another sink over the same target; undefined for those that always begin with nothing */
  again?(): Promise<Sink>;
  cleanUp?(): Promise<void>;
}

export interface SinkContractOptions {
  /** symbolic links can be made; otherwise they must be refused as 'unsupported' */
  readonly links: boolean;
  /** times that `written` tells are those given, to this many nanoseconds; undefined when the platform has none */
  readonly mtimeStepNs: bigint | undefined;
  readonly modes: boolean;
  /** false for a streamed archive, where bytes already written cannot be taken back */
  readonly takesBack?: boolean;
}

const MTIME_NS = 1_600_000_000_123_456_789n;

/** An entry as the agent passes it. */
export function restored(path: string, size = 0, more: Partial<RestoredEntry> = {}): RestoredEntry {
  return { path, size, mtimeNs: MTIME_NS, mode: undefined, owner: undefined, target: undefined, ...more };
}

/** Paths that no sink may write; the agent never passes them, and a sink does not rely on that. */
const HOSTILE_PATHS: readonly string[] = [
  '..',
  '../outside',
  'folder/../../outside',
  'folder/..',
  './here',
  'folder/./x',
  '/absolute',
  '//server/share',
  'folder//x',
  'folder/',
  'nul\0byte',
];

/** What every sink that keeps files must keep. `make` gives a sink over an empty target. */
export function sinkContract(
  name: string,
  make: () => Promise<SinkHarness>,
  options: SinkContractOptions,
): void {
  describe(`${name} keeps the sink contract`, () => {
    let harness: SinkHarness;
    let sink: Sink;
    beforeEach(async () => {
      harness = await make();
      sink = harness.sink;
    });
    afterEach(async () => harness.cleanUp?.());

    async function write(entry: RestoredEntry, ...pieces: readonly Bytes[]): Promise<void> {
      const writer = await sink.file(entry);
      for (const piece of pieces) await writer.write(piece.slice());
      await writer.close();
    }

    it('says how many files may be open at once', () => {
      expect(sink.parallel).toBeGreaterThanOrEqual(1);
    });

    it('writes folders and files with all their bytes', async () => {
      const large = patternBytes(500_000, 2);
      await sink.folder(restored('folder'));
      await sink.folder(restored('folder/empty'));
      await write(restored('a.txt', 3), new Uint8Array([1, 2, 3]));
      await write(restored('nothing', 0));
      await write(
        restored('folder/large.bin', 500_000),
        large.subarray(0, 1),
        large.subarray(1, 200_000),
        large.subarray(200_000),
      );
      await write(restored('Zoë 中文.txt', 1), new Uint8Array([7]));
      await sink.finish();
      const written = await harness.written();
      expect([...written.keys()].sort()).toEqual(
        ['Zoë 中文.txt', 'a.txt', 'folder', 'folder/empty', 'folder/large.bin', 'nothing'].sort(),
      );
      expect(written.get('folder')?.kind).toBe('folder');
      expect(written.get('folder/empty')?.kind).toBe('folder');
      expectBytes(written.get('a.txt')?.bytes, new Uint8Array([1, 2, 3]));
      expectBytes(written.get('nothing')?.bytes, new Uint8Array(0));
      expectBytes(written.get('folder/large.bin')?.bytes, large);
    });

    it('makes the folders of a file that were not named before', async () => {
      await write(restored('one/two/file', 1), new Uint8Array([1]));
      await sink.finish();
      expectBytes((await harness.written()).get('one/two/file')?.bytes, new Uint8Array([1]));
    });

    it('takes a folder named twice once', async () => {
      await sink.folder(restored('folder'));
      await sink.folder(restored('folder'));
      await sink.finish();
      expect([...(await harness.written()).keys()]).toEqual(['folder']);
    });

    it('leaves nothing of a file that was given up', async () => {
      const writer = await sink.file(restored('half', 1000));
      await writer.write(patternBytes(100));
      await writer.abort();
      await write(restored('whole', 1), new Uint8Array([1]));
      await sink.finish();
      if (options.takesBack !== false) expect([...(await harness.written()).keys()]).toEqual(['whole']);
    });

    it('refuses every path that leaves the target or has an empty, dot or zero part', async () => {
      for (const path of HOSTILE_PATHS) {
        await expectFault(sink.file(restored(path, 1)), 'refused', 'malformed');
        await expectFault(sink.folder(restored(path)), 'refused', 'malformed');
        await expectFault(
          sink.link(restored(path, 0, { target: 'a' })),
          'refused',
          'malformed',
          'unsupported',
        );
      }
      await write(restored('fine', 1), new Uint8Array([1]));
      await sink.finish();
      expect([...(await harness.written()).keys()]).toEqual(['fine']);
    });

    const { mtimeStepNs } = options;
    if (mtimeStepNs !== undefined) {
      it('sets the times of files, and of folders after their files', async () => {
        await sink.folder(restored('folder'));
        await write(restored('folder/file', 1), new Uint8Array([1]));
        await sink.finish();
        const written = await harness.written();
        for (const path of ['folder', 'folder/file']) {
          const off = (written.get(path)?.mtimeNs ?? 0n) - MTIME_NS;
          expect(off < 0n ? -off : off, path).toBeLessThanOrEqual(mtimeStepNs);
        }
      });
    }

    if (options.modes) {
      it('sets the permission bits, also of a folder that cannot be written', async () => {
        await sink.folder(restored('locked', 0, { mode: 0o555 }));
        await write(restored('locked/script', 1, { mode: 0o750 }), new Uint8Array([1]));
        await write(restored('private', 1, { mode: 0o600 }), new Uint8Array([1]));
        await sink.finish();
        const written = await harness.written();
        expect(written.get('locked')?.mode).toBe(0o555);
        expect(written.get('locked/script')?.mode).toBe(0o750);
        expect(written.get('private')?.mode).toBe(0o600);
      });
    }

    if (options.links) {
      it('makes symbolic links as they were, wherever they point', async () => {
        await sink.link(restored('inside', 0, { target: 'a.txt' }));
        await sink.link(restored('outside', 0, { target: '/etc/passwd' }));
        await sink.finish();
        const written = await harness.written();
        expect(written.get('inside')).toMatchObject({ kind: 'link', target: 'a.txt' });
        expect(written.get('outside')).toMatchObject({ kind: 'link', target: '/etc/passwd' });
      });

      it('never writes through a link that it made', async () => {
        await sink.link(restored('way', 0, { target: '..' }));
        await expectFault(write(restored('way/escaped', 1), new Uint8Array(1)), 'refused');
        await expectFault(sink.folder(restored('way/escaped')), 'refused');
        await expectFault(sink.link(restored('way/escaped', 0, { target: 'x' })), 'refused');
        await sink.finish();
        expect([...(await harness.written()).keys()]).toEqual(['way']);
      });
    } else {
      it('refuses symbolic links as unsupported', async () => {
        await expectFault(sink.link(restored('inside', 0, { target: 'a.txt' })), 'unsupported');
      });
    }

    it('tells of files that lie in its target already, and keeps them', async () => {
      const bytes = patternBytes(300_000, 3);
      await write(restored('folder/large.bin', bytes.length, { mode: 0o600 }), bytes);
      expect(await sink.existing?.(restored('folder/other', 5))).toBeUndefined();
      await sink.finish();
      const again = await harness.again?.();
      if (again?.existing === undefined) return;
      const entry = restored('folder/large.bin', bytes.length, { mtimeNs: 2n * MTIME_NS, mode: 0o640 });
      for (const other of [{ ...entry, size: 299_999 }, restored('folder/none', 5), restored('folder', 5)])
        expect(await again.existing(other).catch(() => undefined)).toBeUndefined();
      const file = (await again.existing(entry))!;
      expectBytes(await file.read(0, 100), bytes.subarray(0, 100));
      expectBytes(await file.read(299_990, 10), bytes.subarray(299_990));
      const beyond = await file.read(299_990, 11).catch(() => new Uint8Array(0));
      expect(beyond.length).toBeLessThan(11);
      await file.keep();
      await again.finish();
      const kept = (await harness.written()).get('folder/large.bin');
      expectBytes(kept?.bytes, bytes);
      if (options.modes) expect(kept?.mode).toBe(0o640);
      if (mtimeStepNs !== undefined) {
        const off = (kept?.mtimeNs ?? 0n) - 2n * MTIME_NS;
        expect(off < 0n ? -off : off).toBeLessThanOrEqual(mtimeStepNs);
      }
      for (const path of HOSTILE_PATHS)
        await expectFault(again.existing(restored(path, 1)), 'refused', 'malformed');
    });

    it('can be given up as a whole', async () => {
      const writer = await sink.file(restored('half', 1000));
      await writer.write(patternBytes(100));
      await sink.abort('a test gave up');
      if (options.takesBack !== false) expect((await harness.written()).has('half')).toBe(false);
    });
  });
}
