import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { VOLUME_MAX_BYTES } from '../../core/limits.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import { padNumber } from '../store/records.ts';

const NAME_DIGITS = 8;
const NAME = /^v(\d{8})$/;

/** Shards written at once: each has a volume to itself meanwhile, so that its bytes lie in one piece. */
const LEASES_MAX = 32;

interface Volume {
  readonly name: string;
  size: number;
  /** 'open' may be leased; 'retired' is never written to again, because it is rewritten or its end is uncertain */
  state: 'open' | 'leased' | 'retired';
}

/** The right to append to one volume until it is given back. */
export interface Lease {
  readonly volume: string;
  /** where the bytes of this lease begin */
  readonly start: number;
  append(data: Bytes): Promise<void>;
  /** The bytes are used. */
  keep(): void;
  /** The bytes are not used: cuts them off again. */
  drop(): Promise<void>;
  /** Nobody knows whether the bytes are used: leaves them, and the volume is not written to any more. */
  retire(): void;
}

/** The volumes of the blob store, and who may append to which. */
export class Volumes {
  readonly #blobs: BlobStore;
  readonly #volumes = new Map<string, Volume>();
  readonly #waiting: (() => void)[] = [];
  #leased = 0;
  #next = 1;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Takes in a volume found at the start. */
  add(name: string, size: number): void {
    this.skip(name);
    this.#volumes.set(name, { name, size, state: NAME.test(name) ? 'open' : 'retired' });
  }

  /** Never makes a volume of this name. */
  skip(name: string): void {
    const number = NAME.exec(name)?.[1];
    if (number !== undefined) this.#next = Math.max(this.#next, Number(number) + 1);
  }

  /** Name and bytes of every volume that nobody appends to now. */
  resting(): readonly { readonly name: string; readonly size: number }[] {
    return [...this.#volumes.values()].filter(({ state }) => state !== 'leased');
  }

  /** Bytes of all volumes on disk. */
  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#volumes.values()) bytes += size;
    return bytes;
  }

  /** Takes a resting volume out of use, to be rewritten. */
  retire(name: string): void {
    const volume = this.#volumes.get(name);
    if (volume) volume.state = 'retired';
  }

  /** Removes a retired volume for good. */
  async remove(name: string): Promise<void> {
    await this.#blobs.remove(name);
    this.#volumes.delete(name);
  }

  /** A volume with room for `bytes`; waits while LEASES_MAX are out. */
  async lease(bytes: number): Promise<Lease> {
    if (this.#leased >= LEASES_MAX) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#leased++;
    const volume = this.#fullestWithRoom(bytes) ?? this.#make();
    volume.state = 'leased';
    return this.#leaseOf(volume);
  }

  #fullestWithRoom(bytes: number): Volume | undefined {
    let best: Volume | undefined;
    for (const volume of this.#volumes.values()) {
      if (volume.state !== 'open' || volume.size + bytes > VOLUME_MAX_BYTES) continue;
      if (best === undefined || volume.size > best.size) best = volume;
    }
    return best;
  }

  #make(): Volume {
    const name = `v${padNumber(this.#next++, NAME_DIGITS)}`;
    const volume: Volume = { name, size: 0, state: 'open' };
    this.#volumes.set(name, volume);
    return volume;
  }

  #leaseOf(volume: Volume): Lease {
    const start = volume.size;
    let out = true;
    let appending: Promise<unknown> = Promise.resolve();
    const giveBack = (state: 'open' | 'retired'): void => {
      if (!out) return;
      out = false;
      volume.state = state;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#leased--;
    };
    return {
      volume: volume.name,
      start,
      append: async (data) => {
        const { length } = data;
        const append = this.#blobs.append(volume.name, data);
        appending = append.catch(() => undefined);
        const offset = await append;
        if (offset !== volume.size) {
          throw new RoostError(
            'internal',
            `volume ${volume.name} must be ${volume.size} bytes long, got ${offset}`,
          );
        }
        volume.size += length;
      },
      keep: () => {
        giveBack('open');
      },
      drop: async () => {
        try {
          // A put may be given up while its last append is still under way.
          await appending;
          await this.#cut(volume, start);
          giveBack('open');
        } catch {
          // What lies there is dead space until the volume is rewritten or the next start cuts it off.
          giveBack('retired');
        }
      },
      retire: () => {
        giveBack('retired');
      },
    };
  }

  /** A failed append may have left a torn tail, or no volume at all. */
  async #cut(volume: Volume, bytes: number): Promise<void> {
    const there = (await this.#blobs.list()).find(({ volume: name }) => name === volume.name);
    if (there === undefined) {
      if (bytes > 0) throw new RoostError('corrupt', `volume ${volume.name} is gone`);
    } else if (there.bytes !== bytes) {
      await this.#blobs.truncate(volume.name, bytes);
    }
    volume.size = bytes;
  }
}
