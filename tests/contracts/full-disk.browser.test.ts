import { deleteDB } from 'idb';
import { afterEach, describe, expect, it } from 'vitest';
import { cdp } from 'vitest/browser';
import { IdbMetaStore } from '../../src/adapters/web/idb-meta-store.ts';
import { OpfsBlobStore } from '../../src/adapters/web/opfs-blob-store.ts';
import { storageSpace } from '../../src/adapters/web/storage-space.ts';
import { MIB } from '../../src/core/limits.ts';
import { uniqueName } from './browser/private-folder.ts';
import type { SyncFile } from '../../workers/volume-file.ts';
import { VolumeFile } from '../../workers/volume-file.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

interface Session {
  send(method: string, parameters: object): Promise<unknown>;
}

/** Leaves this origin so many bytes more than it uses; without a number, as many as the browser likes. */
async function leaveFree(bytes?: number): Promise<void> {
  const { used } = await storageSpace();
  const quota = bytes === undefined ? {} : { quotaSize: used + bytes };
  await (cdp() as unknown as Session).send('Storage.overrideQuotaForOrigin', {
    origin: location.origin,
    ...quota,
  });
}

/**
 * Leaves room for a small row and not for a large one, and waits until the browser goes by it: from writes that
 * came before it remembers for a while how much room there was.
 */
async function leaveLittle(): Promise<void> {
  const giveUp = Date.now() + 50_000;
  for (;;) {
    await leaveFree(2 * MIB);
    const name = uniqueName('probe');
    const store = await IdbMetaStore.open(name);
    const large = { kind: 'put', table: 'first', key: 'large', value: patternBytes(16 * MIB) } as const;
    const taken = await store.write([large]).then(
      () => true,
      () => false,
    );
    await store.close();
    await deleteDB(name);
    if (!taken) return;
    if (Date.now() > giveUp) throw new Error('expected the browser to go by its quota, got 16 MiB taken');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

afterEach(() => leaveFree());

describe('a full disk', () => {
  it('rejects a new volume as full and takes it when there is room', async () => {
    const folder = uniqueName('full');
    const store = new OpfsBlobStore(folder);
    await store.append('v1', patternBytes(1000));
    await store.flush('v1');
    await leaveFree(0);
    await expectFault(store.append('v2', patternBytes(8 * MIB, 2)), 'full');
    expectBytes(await store.read('v1', 0, 1000), patternBytes(1000));
    expect(await store.list()).toEqual([{ volume: 'v1', bytes: 1000 }]);
    await leaveFree();
    expect(await store.append('v2', patternBytes(8 * MIB, 2))).toBe(0);
    await store.close();
    await (await navigator.storage.getDirectory()).removeEntry(folder, { recursive: true });
  });

  it('rejects a write of rows as full, all of it, and no other', async () => {
    const name = uniqueName('full');
    await leaveLittle();
    const store = await IdbMetaStore.open(name);
    await store.write([{ kind: 'put', table: 'first', key: 'a', value: new Uint8Array([1]) }]);
    const small = { kind: 'put', table: 'first', key: 'b', value: new Uint8Array([2]) } as const;
    const large = { kind: 'put', table: 'first', key: 'large', value: patternBytes(16 * MIB) } as const;
    const [, fault] = await Promise.all([
      store.write([small]),
      expectFault(store.write([{ ...small, key: 'c' }, large]), 'full'),
    ]);
    expect(fault.fault).toBe('full');
    expect(await store.getMany('first', ['a', 'b', 'c', 'large'])).toEqual([
      new Uint8Array([1]),
      new Uint8Array([2]),
      undefined,
      undefined,
    ]);
    await store.close();
    await deleteDB(name);
  });
});

/** A file of limited room. Browsers without a profile on disk do not limit files that are open. */
class SmallDisk implements SyncFile {
  bytes = new Uint8Array(0);
  readonly #room: number;
  readonly #throws: boolean;

  constructor(room: number, throws: boolean) {
    this.#room = room;
    this.#throws = throws;
  }
  getSize(): number {
    return this.bytes.length;
  }
  write(data: Uint8Array, { at }: { at: number }): number {
    const taken = data.subarray(0, Math.max(0, this.#room - at));
    const grown = new Uint8Array(Math.max(this.bytes.length, at + taken.length));
    grown.set(this.bytes);
    grown.set(taken, at);
    this.bytes = grown;
    if (this.#throws && taken.length < data.length) throw new DOMException('no room', 'QuotaExceededError');
    return taken.length;
  }
  read(into: Uint8Array, { at }: { at: number }): number {
    const part = this.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  truncate(length: number): void {
    this.bytes = this.bytes.slice(0, length);
  }
  flush(): void {
    this.bytes = this.bytes.slice();
  }
  close(): void {
    this.flush();
  }
}

describe('a volume on a full disk', () => {
  it.each([true, false])(
    'is as long as before, whether the browser throws (%s) or writes less',
    async (throws) => {
      const disk = new SmallDisk(1500, throws);
      const file = new VolumeFile('v1', disk);
      expect(file.append(patternBytes(1000))).toBe(0);
      await expectFault(
        Promise.resolve().then(() => file.append(patternBytes(1000, 2))),
        'full',
      );
      expect([file.length, disk.getSize()]).toEqual([1000, 1000]);
      expect(file.append(patternBytes(500, 3))).toBe(1000);
      expectBytes(file.read(1000, 500), patternBytes(500, 3));
    },
  );
});
