import { RoostError } from '../../core/errors.ts';
import type { BlobStore, StorageSpace } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';

/** Asking a browser for its quota takes milliseconds: the answer is used for this long. */
const SPACE_FRESH_MS = 2000;

/** What the platform has left, asked seldom; what was taken since is counted on top. */
export class PlatformSpace {
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  #known: { readonly space: StorageSpace; readonly at: number } | undefined;
  #takenSince = 0;

  constructor(blobs: BlobStore, clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Bytes that can still be written, never below 0. */
  async free(): Promise<number> {
    const now = this.#clock.monotonic();
    if (this.#known === undefined || now - this.#known.at >= SPACE_FRESH_MS) {
      this.#takenSince = 0;
      this.#known = { space: await this.#blobs.space(), at: now };
    }
    const { used, quota } = this.#known.space;
    return Math.max(0, quota - used - this.#takenSince);
  }

  /** Sets bytes aside that are about to be written. @throws RoostError 'full' */
  async take(bytes: number): Promise<void> {
    const free = await this.free();
    if (bytes > free)
      throw new RoostError('full', `this device's disk has ${free} bytes left, ${bytes} are needed`);
    this.#takenSince += bytes;
  }
}
