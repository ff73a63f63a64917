import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { BlobStore, StorageClass, StorageSpace } from '../../ports/blob-store.ts';
import type { Life } from './life.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { MemoryVolume } from './memory-volume.ts';

const VOLUME_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Volumes on a simulated disk. */
export class MemoryBlobStore implements BlobStore {
  readonly #disk: MemoryDisk;
  readonly #life: Life;
  readonly #kind: { readonly storageClass: StorageClass; readonly persisted: boolean };

  constructor(
    disk: MemoryDisk,
    life: Life,
    kind: { readonly storageClass: StorageClass; readonly persisted: boolean },
  ) {
    this.#disk = disk;
    this.#life = life;
    this.#kind = kind;
  }

  list(): Promise<readonly { readonly volume: string; readonly bytes: number }[]> {
    return this.#operate(() =>
      [...this.#disk.volumes]
        .map(([volume, { length }]) => ({ volume, bytes: length }))
        .sort((a, b) => (a.volume < b.volume ? -1 : 1)),
    );
  }

  append(volume: string, data: Bytes): Promise<number> {
    return this.#operate(() => {
      if (!VOLUME_NAME.test(volume)) {
        throw new RoostError(
          'usage',
          `a volume name must be up to 100 of A-Z a-z 0-9 . _ -, got "${volume}"`,
        );
      }
      let found = this.#disk.volumes.get(volume);
      if (found === undefined) {
        found = new MemoryVolume();
        this.#disk.volumes.set(volume, found);
      }
      const free = Math.max(0, this.#disk.capacity - this.#disk.used);
      if (data.length > free) {
        found.append(data.subarray(0, free));
        throw new RoostError(
          'full',
          `the simulated disk has ${free} bytes free, ${data.length} were to be written`,
        );
      }
      return found.append(data);
    });
  }

  flush(volume: string): Promise<void> {
    return this.#operate(() => this.#find(volume).flush());
  }

  read(volume: string, offset: number, length: number): Promise<Bytes> {
    return this.#operate(() => {
      const found = this.#find(volume);
      if (offset < 0 || length < 0 || offset + length > found.length) {
        throw new RoostError(
          'corrupt',
          `volume ${volume} has ${found.length} bytes, bytes ${offset} to ${offset + length} were asked for`,
        );
      }
      return found.read(offset, length);
    });
  }

  truncate(volume: string, bytes: number): Promise<void> {
    return this.#operate(() => {
      const found = this.#find(volume);
      if (bytes < 0 || bytes > found.length) {
        throw new RoostError(
          'usage',
          `volume ${volume} has ${found.length} bytes and cannot be cut to ${bytes}`,
        );
      }
      found.truncate(bytes);
    });
  }

  remove(volume: string): Promise<void> {
    return this.#operate(() => void this.#disk.volumes.delete(volume));
  }

  space(): Promise<StorageSpace> {
    return this.#operate(() => ({ used: this.#disk.used, quota: this.#disk.capacity, ...this.#kind }));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #find(volume: string): MemoryVolume {
    const found = this.#disk.volumes.get(volume);
    if (found === undefined) throw new RoostError('not-found', `there is no volume ${volume}`);
    return found;
  }

  async #operate<T>(apply: () => T): Promise<T> {
    this.#life.check();
    const result = await this.#disk.operate(apply);
    this.#life.check();
    return result;
  }
}
