import { RoostError } from '../../core/errors.ts';
import { GIB } from '../../core/limits.ts';
import type { AccountSecrets } from '../../core/crypto/account-keys.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { MemoryTable } from './memory-table.ts';
import type { MemoryVolume } from './memory-volume.ts';
import type { SeededRandom } from './seeded-random.ts';

/**
 * The disk of a simulated device: volumes, rows and keys, what of them would survive a crash, and faults on demand. Every
 * operation of a store is counted, so that a test can crash the device at each of them in turn.
 */
export class MemoryDisk {
  /** bytes that fit in all; may be changed at any time */
  capacity: number;
  readonly volumes = new Map<string, MemoryVolume>();
  readonly tables = new Map<string, MemoryTable>();
  /** what the vault keeps; always durable */
  readonly secrets: { account?: AccountSecrets; deviceSeed?: Bytes } = {};
  /** bytes of all rows */
  rowBytes = 0;

  readonly #random: SeededRandom;
  #operations = 0;
  #crashAt: number | undefined;
  #onCrash: (() => void) | undefined;
  #crashed = false;
  /** takes back the batches of rows that are not durable yet, oldest first */
  #undo: (() => void)[] = [];

  constructor(random: SeededRandom, options: { readonly capacity?: number } = {}) {
    this.#random = random;
    this.capacity = options.capacity ?? 64 * GIB;
  }

  /** Operations of stores and vault so far. */
  get operations(): number {
    return this.#operations;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  get used(): number {
    let used = this.rowBytes;
    for (const volume of this.volumes.values()) used += volume.length;
    return used;
  }

  /** Crashes at the `n`-th operation from now: by chance before or after it took effect. undefined takes it back. */
  crashAt(n: number | undefined): void {
    this.#crashAt = n === undefined ? undefined : this.#operations + n;
  }

  /** Called when `crashAt` strikes; the device ends its life then. */
  onCrash(handler: () => void): void {
    this.#onCrash = handler;
  }

  /** The power fails: what is not durable is lost or torn by chance, and every call rejects until `restart`. */
  crash(): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.#crashAt = undefined;
    for (const [name, volume] of this.volumes) {
      if (!volume.crash(this.#random)) this.volumes.delete(name);
    }
    // Rows are written in the order of their batches, so a crash keeps a beginning of them.
    const kept = this.#random.below(this.#undo.length + 1);
    for (const undo of this.#undo.splice(kept).reverse()) undo();
    this.#undo = [];
    this.#onCrash?.();
  }

  /** Makes all that was written durable. */
  sync(): void {
    for (const volume of this.volumes.values()) volume.flush();
    this.#undo = [];
  }

  restart(): void {
    this.#crashed = false;
  }

  /** One byte rots. @throws RoostError 'not-found' when the volume has no such byte */
  flip(volume: string, offset: number, mask = 1): void {
    const found = this.volumes.get(volume);
    if (found === undefined || offset < 0 || offset >= found.length) {
      throw new RoostError('not-found', `volume ${volume} has no byte ${offset} to flip`);
    }
    found.flip(offset, mask);
  }

  /** Flips one bit of any byte of any volume. @returns false when there is none */
  rot(): boolean {
    const volumes = [...this.volumes.values()].filter((volume) => volume.length > 0);
    const volume = volumes[this.#random.below(volumes.length)];
    volume?.flip(this.#random.below(volume.length), 1 << this.#random.below(8));
    return volume !== undefined;
  }

  /** The browser takes everything away, keys too; 'blobs' takes the volumes only. */
  evict(what: 'all' | 'blobs' = 'all'): void {
    this.volumes.clear();
    if (what === 'blobs') return;
    this.tables.clear();
    this.rowBytes = 0;
    this.#undo = [];
    delete this.secrets.account;
    delete this.secrets.deviceSeed;
  }

  /** Runs one operation of a store; it takes effect at once and is answered later. */
  async operate<T>(apply: () => T): Promise<T> {
    this.#check();
    this.#operations++;
    if (this.#operations === this.#crashAt) {
      try {
        if (this.#random.fraction() < 0.5) apply();
      } finally {
        this.crash();
      }
    }
    this.#check();
    const result = apply();
    await Promise.resolve();
    return result;
  }

  /** Notes how to take back a batch of rows; a durable batch makes all before it durable. */
  noteBatch(durable: boolean, undo: () => void): void {
    if (durable) this.#undo = [];
    else this.#undo.push(undo);
  }

  #check(): void {
    if (this.#crashed) throw new RoostError('internal', 'the simulated disk has crashed');
  }
}
