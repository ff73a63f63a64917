import type { Bytes } from '../src/core/bytes.ts';
import { RoostError, messageOf } from '../src/core/errors.ts';

/** The part of FileSystemSyncAccessHandle that is used. */
export interface SyncFile {
  getSize(): number;
  read(into: Bytes, options: { readonly at: number }): number;
  write(data: Bytes, options: { readonly at: number }): number;
  truncate(bytes: number): void;
  flush(): void;
  close(): void;
}

/** One open file of a volume. All calls are synchronous, so none sees another half done. */
export class VolumeFile {
  readonly #name: string;
  readonly #handle: SyncFile;
  #length: number;
  /** true at first: a worker that died may have left appends unflushed */
  #dirty = true;

  constructor(name: string, handle: SyncFile) {
    this.#name = name;
    this.#handle = handle;
    this.#length = handle.getSize();
  }

  get length(): number {
    return this.#length;
  }

  /** @throws RoostError 'full'; the volume is then as long as before, where the browser allows that */
  append(data: Bytes): number {
    const offset = this.#length;
    let written = 0;
    try {
      while (written < data.length) {
        const count = this.#handle.write(data.subarray(written), { at: offset + written });
        this.#dirty = true;
        // A full disk shows as a short write in some browsers and as an error in others.
        if (count === 0) throw new RoostError('full', `volume ${this.#name}: no more bytes were taken`);
        written += count;
      }
    } catch (error) {
      this.#takeBack(offset);
      throw storageFault(`append of ${data.length} bytes to volume ${this.#name}`, error);
    }
    this.#length = offset + data.length;
    return offset;
  }

  read(offset: number, length: number): Bytes {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
      throw new RoostError('usage', `a range must be of whole numbers, got ${offset} and ${length}`);
    }
    if (offset + length > this.#length) {
      throw new RoostError(
        'corrupt',
        `volume ${this.#name} must have ${offset + length} bytes, got ${this.#length}`,
      );
    }
    const bytes = new Uint8Array(length);
    const count = length === 0 ? 0 : this.#handle.read(bytes, { at: offset });
    if (count !== length) {
      throw new RoostError('corrupt', `volume ${this.#name} must give ${length} bytes, got ${count}`);
    }
    return bytes;
  }

  flush(): void {
    if (!this.#dirty) return;
    try {
      this.#handle.flush();
    } catch (error) {
      throw storageFault(`flush of volume ${this.#name}`, error);
    }
    this.#dirty = false;
  }

  truncate(bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > this.#length) {
      throw new RoostError(
        'usage',
        `volume ${this.#name} has ${this.#length} bytes and cannot be cut to ${bytes}`,
      );
    }
    this.#handle.truncate(bytes);
    this.#length = bytes;
    this.#dirty = true;
    this.flush();
  }

  /** Gives the file free in any case; bytes that could not be flushed are tried again by the next flush. */
  close(): void {
    try {
      this.#handle.flush();
    } catch {
      // The file counts as dirty when it is opened again.
    } finally {
      this.#handle.close();
    }
  }

  #takeBack(bytes: number): void {
    try {
      this.#handle.truncate(bytes);
      this.#length = bytes;
    } catch {
      this.#length = this.#handle.getSize();
    }
  }
}

/** The RoostError for what the file system threw. */
export function storageFault(what: string, error: unknown): RoostError {
  if (error instanceof RoostError) return error;
  const name = error instanceof Error ? error.name : '';
  const message = `${what}: ${messageOf(error)}`;
  if (name === 'QuotaExceededError') return new RoostError('full', message, { cause: error });
  if (name === 'NotFoundError') return new RoostError('not-found', message, { cause: error });
  if (name === 'NoModificationAllowedError') return new RoostError('busy', message, { cause: error });
  return new RoostError('denied', message, { cause: error });
}
