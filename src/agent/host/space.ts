import { RoostError } from '../../core/errors.ts';
import type { BlobStore, StorageSpace } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';

/** Asking a browser for its quota takes milliseconds: the answer is used for this long. */
const SPACE_FRESH_MS = 2000;

interface Known {
  readonly space: StorageSpace;
  takenSince: number;
}

/** What the platform has left, asked seldom; what was taken since is counted on top. */
export class PlatformSpace {
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  #known: Promise<Known> | undefined;
  #askedAt = 0;

  constructor(blobs: BlobStore, clock: Clock) {
    this.#blobs = blobs;
    this.#clock = clock;
  }

  /** Bytes that can still be written, never below 0. */
  async free(): Promise<number> {
    return left(await this.#fresh());
  }

  /**
   * Sets bytes aside that are about to be written. Returns what gives them back when they were not.
   * @throws RoostError 'full'
   */
  async take(bytes: number): Promise<() => void> {
    const known = await this.#fresh();
    // At once: each of many that waited for one answer must see what the others took.
    const free = left(known);
    if (bytes > free)
      throw new RoostError('full', `this device's disk has ${free} bytes left, ${bytes} are needed`);
    known.takenSince += bytes;
    return () => {
      known.takenSince -= bytes;
    };
  }

  /** One answer for all that ask within SPACE_FRESH_MS. */
  #fresh(): Promise<Known> {
    const now = this.#clock.monotonic();
    if (this.#known !== undefined && now - this.#askedAt < SPACE_FRESH_MS) return this.#known;
    const known = this.#blobs.space().then((space) => ({ space, takenSince: 0 }));
    known.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    this.#known = known;
    this.#askedAt = now;
    return known;
  }
}

function left({ space, takenSince }: Known): number {
  return Math.max(0, space.quota - space.used - takenSince);
}
