import type { Remote } from 'comlink';
import { transfer } from 'comlink';
import type { Outcome } from '../../../workers/outcome.ts';
import type { StoreApi } from '../../../workers/store-api.ts';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { BlobStore, StorageSpace } from '../../ports/blob-store.ts';
import { storageSpace } from './storage-space.ts';
import type { WorkerLink } from './worker-link.ts';
import { linkWorker } from './worker-link.ts';

/** Volumes in the origin's private file system, kept by one worker. Only the leading tab opens it. */
export class OpfsBlobStore implements BlobStore {
  readonly #folder: string;
  #link: Promise<WorkerLink<StoreApi>> | undefined;
  #closed = false;

  /** `folder` in the private file system; made when missing. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  list(): Promise<readonly { readonly volume: string; readonly bytes: number }[]> {
    return this.#call((remote) => remote.list());
  }

  append(volume: string, data: Bytes): Promise<number> {
    // A copy, because the caller keeps its bytes; what is transferred is the copy.
    const copy = data.slice();
    return this.#call((remote) => remote.append(volume, transfer(copy, [copy.buffer])));
  }

  flush(volume: string): Promise<void> {
    return this.#call((remote) => remote.flush(volume));
  }

  read(volume: string, offset: number, length: number): Promise<Bytes> {
    return this.#call((remote) => remote.read(volume, offset, length));
  }

  truncate(volume: string, bytes: number): Promise<void> {
    return this.#call((remote) => remote.truncate(volume, bytes));
  }

  remove(volume: string): Promise<void> {
    return this.#call((remote) => remote.remove(volume));
  }

  space(): Promise<StorageSpace> {
    return storageSpace();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const link = await this.#link?.catch(() => undefined);
    if (link === undefined) return;
    await link.call((remote) => remote.close());
    link.close();
  }

  async #call<T>(run: (remote: Remote<StoreApi>) => Promise<Outcome<T>>): Promise<T> {
    if (this.#closed) throw new RoostError('usage', 'the blob store is closed');
    this.#link ??= this.#start();
    const link = await this.#link;
    return link.call(run);
  }

  /** A worker that dies is made anew by the next call: the bytes are the disk's, not its. */
  async #start(): Promise<WorkerLink<StoreApi>> {
    const worker = new Worker(new URL('../../../workers/store-worker.ts', import.meta.url), {
      type: 'module',
      name: 'roost-store',
    });
    const link = linkWorker<StoreApi>(worker, 'roost-store');
    link.onDeath(() => {
      this.#link = undefined;
    });
    try {
      await link.call((remote) => remote.open(this.#folder));
    } catch (error) {
      link.close();
      this.#link = undefined;
      throw error;
    }
    return link;
  }
}
