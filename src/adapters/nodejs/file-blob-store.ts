import { constants, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { BlobStore, StorageSpace } from '../../ports/blob-store.ts';
import { syncFolder } from './durable-files.ts';
import { makeFolder } from './make-folder.ts';
import { codeOf, onSystem } from './system-faults.ts';

const VOLUME_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Volumes kept open; the rest is opened when needed. */
const OPEN_MAX = 32;

interface OpenVolume {
  readonly handle: FileHandle;
  length: number;
  /** its name may not be durable yet */
  isNew: boolean;
}

/** Volumes as plain files of one folder, which holds nothing else. One store at a time may use it. */
export class FileBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #open = new Map<string, OpenVolume>();
  /** the last call of each volume: calls on one volume run in order */
  readonly #queues = new Map<string, Promise<void>>();
  #closed = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store, making its folder when it is missing. */
  static async open(folder: string): Promise<FileBlobStore> {
    await onSystem('the folder for volumes cannot be made', () => makeFolder(folder, 0o700));
    return new FileBlobStore(folder);
  }

  async list(): Promise<readonly { readonly volume: string; readonly bytes: number }[]> {
    this.#check();
    await Promise.all(this.#queues.values());
    return onSystem('volumes cannot be listed', async () => {
      const names = (await readdir(this.#folder)).filter((name) => VOLUME_NAME.test(name)).sort();
      const listed: { volume: string; bytes: number }[] = [];
      for (const volume of names) {
        listed.push({ volume, bytes: (await stat(join(this.#folder, volume))).size });
      }
      return listed;
    });
  }

  append(volume: string, data: Bytes): Promise<number> {
    return this.#inOrder(volume, 'appended to', async () => {
      const found = await this.#find(volume, true);
      const offset = found.length;
      let written = 0;
      try {
        while (written < data.length) {
          const { bytesWritten } = await found.handle.write(
            data,
            written,
            data.length - written,
            offset + written,
          );
          written += bytesWritten;
        }
      } finally {
        found.length = offset + written;
      }
      return offset;
    });
  }

  flush(volume: string): Promise<void> {
    return this.#inOrder(volume, 'flushed', async () => {
      const found = await this.#find(volume, false);
      await found.handle.datasync();
      await this.#keepName(found);
    });
  }

  read(volume: string, offset: number, length: number): Promise<Bytes> {
    return this.#inOrder(volume, 'read', async () => {
      const found = await this.#find(volume, false);
      if (offset < 0 || length < 0 || offset + length > found.length) {
        throw new RoostError(
          'corrupt',
          `volume ${volume} has ${found.length} bytes, bytes ${offset} to ${offset + length} were asked for`,
        );
      }
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await found.handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) {
          throw new RoostError(
            'corrupt',
            `volume ${volume} ends at ${offset + done}, ${found.length} expected`,
          );
        }
        done += bytesRead;
      }
      return bytes;
    });
  }

  truncate(volume: string, bytes: number): Promise<void> {
    return this.#inOrder(volume, 'cut', async () => {
      const found = await this.#find(volume, false);
      if (bytes < 0 || bytes > found.length) {
        throw new RoostError(
          'usage',
          `volume ${volume} has ${found.length} bytes and cannot be cut to ${bytes}`,
        );
      }
      await found.handle.truncate(bytes);
      found.length = bytes;
      await found.handle.sync();
      await this.#keepName(found);
    });
  }

  remove(volume: string): Promise<void> {
    return this.#inOrder(volume, 'removed', async () => {
      const found = this.#open.get(volume);
      this.#open.delete(volume);
      await found?.handle.close();
      if (!VOLUME_NAME.test(volume)) return;
      await rm(join(this.#folder, volume), { force: true });
      await syncFolder(this.#folder);
    });
  }

  async space(): Promise<StorageSpace> {
    let used = 0;
    for (const { bytes } of await this.list()) used += bytes;
    const { bavail, bsize } = await onSystem('free space is unknown', () => statfs(this.#folder));
    return { used, quota: used + bavail * bsize, storageClass: 'appliance', persisted: true };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#queues.values());
    for (const { handle } of this.#open.values()) await handle.close();
    this.#open.clear();
  }

  #check(): void {
    if (this.#closed) throw new RoostError('internal', 'the blob store is closed');
  }

  async #inOrder<T>(volume: string, done: string, call: () => Promise<T>): Promise<T> {
    this.#check();
    const before = this.#queues.get(volume) ?? Promise.resolve();
    const result = before.then(() => onSystem(`volume ${volume} cannot be ${done}`, call));
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#queues.set(volume, settled);
    try {
      return await result;
    } finally {
      if (this.#queues.get(volume) === settled) this.#queues.delete(volume);
    }
  }

  async #find(volume: string, make: boolean): Promise<OpenVolume> {
    if (!VOLUME_NAME.test(volume)) {
      throw new RoostError('usage', `a volume name must be up to 100 of A-Z a-z 0-9 . _ -, got "${volume}"`);
    }
    const known = this.#open.get(volume);
    if (known !== undefined) {
      // the most recently used is last
      this.#open.delete(volume);
      this.#open.set(volume, known);
      return known;
    }
    const path = join(this.#folder, volume);
    const flags = constants.O_RDWR | constants.O_NOFOLLOW;
    let isNew = false;
    let handle: FileHandle;
    try {
      handle = await open(path, flags);
    } catch (error) {
      if (!make || codeOf(error) !== 'ENOENT') throw error;
      handle = await open(path, flags | constants.O_CREAT | constants.O_EXCL, 0o600);
      isNew = true;
    }
    const found: OpenVolume = { handle, length: (await handle.stat()).size, isNew };
    this.#open.set(volume, found);
    await this.#closeOldest();
    return found;
  }

  /** A volume that is not in use right now and whose name is durable may be closed and opened again later. */
  async #closeOldest(): Promise<void> {
    if (this.#open.size <= OPEN_MAX) return;
    for (const [volume, { handle, isNew }] of this.#open) {
      if (isNew || this.#queues.has(volume)) continue;
      this.#open.delete(volume);
      await handle.close();
      return;
    }
  }

  async #keepName(volume: OpenVolume): Promise<void> {
    if (!volume.isNew) return;
    await syncFolder(this.#folder);
    volume.isNew = false;
  }
}
