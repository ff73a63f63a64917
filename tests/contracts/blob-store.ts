import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/ports/blob-store.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

export interface BlobStoreHarness {
  readonly store: BlobStore;
  /** A second store over the same bytes; called after the first was closed. */
  reopen(): Promise<BlobStore>;
  /** Called at the end of each test, after the stores were closed. */
  cleanUp?(): Promise<void>;
}

/** What every blob store must keep. `make` gives an empty store. */
export function blobStoreContract(name: string, make: () => Promise<BlobStoreHarness>): void {
  describe(`${name} keeps the blob store contract`, () => {
    let harness: BlobStoreHarness;
    let store: BlobStore;

    beforeEach(async () => {
      harness = await make();
      store = harness.store;
    });
    afterEach(async () => {
      await store.close();
      await harness.cleanUp?.();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = await harness.reopen();
    }

    it('starts with no volume', async () => {
      expect(await store.list()).toEqual([]);
    });

    it('tells the offset of each append and reads any range back', async () => {
      const first = patternBytes(1000, 1);
      const second = patternBytes(70_000, 2);
      expect(await store.append('v1', first.slice())).toBe(0);
      expect(await store.append('v1', second.slice())).toBe(1000);
      expectBytes(await store.read('v1', 0, 1000), first);
      expectBytes(await store.read('v1', 1000, 70_000), second);
      expectBytes(await store.read('v1', 1500, 10), second.subarray(500, 510));
      expectBytes(await store.read('v1', 3, 0), new Uint8Array(0));
    });

    it('keeps volumes apart and lists them in the order of their names with their lengths', async () => {
      await store.append('v2', patternBytes(20));
      await store.append('v10', patternBytes(10));
      await store.append('v1', patternBytes(30));
      expect(await store.list()).toEqual([
        { volume: 'v1', bytes: 30 },
        { volume: 'v10', bytes: 10 },
        { volume: 'v2', bytes: 20 },
      ]);
    });

    it('makes a volume by an append of no bytes', async () => {
      expect(await store.append('v1', new Uint8Array(0))).toBe(0);
      expect(await store.list()).toEqual([{ volume: 'v1', bytes: 0 }]);
    });

    it('runs appends that were not awaited in the order of the calls', async () => {
      const pieces = Array.from({ length: 40 }, (_, index) => patternBytes(100 + index, index + 1));
      const offsets = await Promise.all(pieces.map((piece) => store.append('v1', piece.slice())));
      let expected = 0;
      for (const [index, piece] of pieces.entries()) {
        expect(offsets[index]).toBe(expected);
        expectBytes(await store.read('v1', expected, piece.length), piece);
        expected += piece.length;
      }
    });

    it('runs an append, a flush and a read of one volume in the order of the calls', async () => {
      const piece = patternBytes(5000);
      const appended = store.append('v1', piece.slice());
      const flushed = store.flush('v1');
      const read = store.read('v1', 0, 5000);
      await Promise.all([appended, flushed]);
      expectBytes(await read, piece);
    });

    it('has what was flushed after it was opened again', async () => {
      const piece = patternBytes(100_000);
      await store.append('v1', piece.slice());
      await store.flush('v1');
      await reopen();
      expect(await store.list()).toEqual([{ volume: 'v1', bytes: 100_000 }]);
      expectBytes(await store.read('v1', 0, 100_000), piece);
      expect(await store.append('v1', patternBytes(5))).toBe(100_000);
    });

    it('rejects a read beyond the end as corrupt, before it allocates what was asked for', async () => {
      await store.append('v1', patternBytes(100));
      await expectFault(store.read('v1', 50, 51), 'corrupt');
      await expectFault(store.read('v1', 100, 1), 'corrupt');
      await expectFault(store.read('v1', 0, 2 ** 45), 'corrupt');
      expect((await store.read('v1', 50, 50)).length).toBe(50);
    });

    it('rejects a read or a flush of a volume that is not there as not-found', async () => {
      await expectFault(store.read('v1', 0, 1), 'not-found');
      await expectFault(store.flush('v1'), 'not-found');
    });

    it('cuts a volume, and appends go on from the cut, also after it was opened again', async () => {
      const piece = patternBytes(1000);
      await store.append('v1', piece.slice());
      await store.flush('v1');
      await store.truncate('v1', 400);
      expect(await store.list()).toEqual([{ volume: 'v1', bytes: 400 }]);
      await expectFault(store.read('v1', 0, 401), 'corrupt');
      await reopen();
      expect(await store.append('v1', patternBytes(50, 9))).toBe(400);
      expectBytes(await store.read('v1', 0, 400), piece.subarray(0, 400));
      expectBytes(await store.read('v1', 400, 50), patternBytes(50, 9));
    });

    it('refuses to cut a volume to more than it has, and one that is not there', async () => {
      await store.append('v1', patternBytes(10));
      await expectFault(store.truncate('v1', 11), 'usage');
      await expectFault(store.truncate('v2', 0), 'not-found');
    });

    it('removes a volume for good, and removing nothing is no error', async () => {
      await store.append('v1', patternBytes(10));
      await store.append('v2', patternBytes(10));
      await store.flush('v1');
      await store.flush('v2');
      await store.remove('v1');
      await store.remove('v1');
      await store.remove('never-there');
      await expectFault(store.read('v1', 0, 1), 'not-found');
      await reopen();
      expect(await store.list()).toEqual([{ volume: 'v2', bytes: 10 }]);
      expect(await store.append('v1', patternBytes(3))).toBe(0);
    });

    it('refuses a volume name that is no plain name of letters, digits, dots and dashes', async () => {
      for (const volume of ['', '.', '..', '../up', 'a/b', 'a\\b', 'a\0b', 'a b', 'x'.repeat(200)]) {
        await expectFault(store.append(volume, patternBytes(1)), 'usage');
      }
      expect(await store.list()).toEqual([]);
    });

    it('tells the space that its volumes take', async () => {
      const before = await store.space();
      await store.append('v1', patternBytes(300_000));
      await store.flush('v1');
      const after = await store.space();
      expect(after.used).toBeGreaterThanOrEqual(before.used);
      expect(after.used).toBeGreaterThan(0);
      expect(after.quota).toBeGreaterThanOrEqual(after.used);
      expect(['tab', 'installed', 'appliance']).toContain(after.storageClass);
      expect(typeof after.persisted).toBe('boolean');
    });
  });
}
