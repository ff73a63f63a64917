import type { Bytes } from '../src/core/bytes.ts';
import { RoostError } from '../src/core/errors.ts';
import type { VolumeLength } from './store-api.ts';
import { VolumeFile, storageFault } from './volume-file.ts';

const VOLUME_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** Each open handle holds a file descriptor and keeps the file from other tabs. */
const OPEN_MAX = 16;
/** A tab that has just closed may still hold a handle for a moment. */
const BUSY_RETRIES = 20;
const BUSY_RETRY_MS = 100;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Volumes as files of one OPFS folder, opened on first use; those unused for longest are closed again. */
export class VolumeStore {
  readonly #folder: FileSystemDirectoryHandle;
  /** in the order of their last use */
  readonly #open = new Map<string, VolumeFile>();
  /** the last call under way of each volume */
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #flushes = new Map<string, Promise<void>>();

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  async list(): Promise<readonly VolumeLength[]> {
    await Promise.allSettled(this.#tails.values());
    const found: VolumeLength[] = [];
    for await (const [volume, handle] of this.#folder.entries()) {
      if (handle.kind !== 'file' || !VOLUME_NAME.test(volume)) continue;
      const open = this.#open.get(volume);
      found.push({ volume, bytes: open ? open.length : (await handle.getFile()).size });
    }
    return found.sort((a, b) => (a.volume < b.volume ? -1 : 1));
  }

  append(volume: string, data: Bytes): Promise<number> {
    return this.#inOrder(volume, async () => (await this.#file(volume, true)).append(data));
  }

  /** Flushes asked for at the same time are one: each waits for the appends that are already on their way. */
  flush(volume: string): Promise<void> {
    const waiting = this.#flushes.get(volume);
    if (waiting !== undefined) return waiting;
    const flushed = pause(0).then(() => {
      this.#flushes.delete(volume);
      return this.#inOrder(volume, async () => (await this.#file(volume, false)).flush());
    });
    this.#flushes.set(volume, flushed);
    return flushed;
  }

  read(volume: string, offset: number, length: number): Promise<Bytes> {
    return this.#inOrder(volume, async () => (await this.#file(volume, false)).read(offset, length));
  }

  async truncate(volume: string, bytes: number): Promise<void> {
    await this.#flushes.get(volume)?.catch(() => undefined);
    await this.#inOrder(volume, async () => (await this.#file(volume, false)).truncate(bytes));
  }

  async remove(volume: string): Promise<void> {
    await this.#flushes.get(volume)?.catch(() => undefined);
    await this.#inOrder(volume, async () => {
      checkName(volume);
      const open = this.#open.get(volume);
      this.#open.delete(volume);
      open?.close();
      try {
        await this.#folder.removeEntry(volume);
      } catch (error) {
        const fault = storageFault(`removal of volume ${volume}`, error);
        if (fault.fault !== 'not-found') throw fault;
      }
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#flushes.values());
    await Promise.allSettled(this.#tails.values());
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  async #file(volume: string, create: boolean): Promise<VolumeFile> {
    const open = this.#open.get(volume);
    if (open !== undefined) {
      this.#open.delete(volume);
      this.#open.set(volume, open);
      return open;
    }
    checkName(volume);
    const file = new VolumeFile(volume, await this.#access(volume, create));
    this.#open.set(volume, file);
    for (const [name, oldest] of this.#open) {
      if (this.#open.size <= OPEN_MAX) break;
      this.#open.delete(name);
      oldest.close();
    }
    return file;
  }

  async #access(volume: string, create: boolean): Promise<FileSystemSyncAccessHandle> {
    for (let tries = 0; ; tries++) {
      try {
        const handle = await this.#folder.getFileHandle(volume, { create });
        return await handle.createSyncAccessHandle();
      } catch (error) {
        const fault = storageFault(`opening volume ${volume}`, error);
        if (fault.fault !== 'busy' || tries >= BUSY_RETRIES) throw fault;
        await pause(BUSY_RETRY_MS);
      }
    }
  }

  #inOrder<T>(volume: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(volume) ?? Promise.resolve()).then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(volume, tail);
    void tail.then(() => {
      if (this.#tails.get(volume) === tail) this.#tails.delete(volume);
    });
    return result;
  }
}

function checkName(volume: string): void {
  if (!VOLUME_NAME.test(volume)) {
    throw new RoostError(
      'usage',
      `a volume name must be up to 100 of A-Z a-z 0-9 . _ -, got ${volume.length} characters`,
    );
  }
}
