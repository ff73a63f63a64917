import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { messageOf } from '../../core/errors.ts';
import { shardHash } from '../../core/snapshot/shard.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { scanAll } from '../store/paging.ts';
import { TABLES } from '../store/tables.ts';
import type { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { decodeHeldRow, heldRowKey, samePlace } from './held-row.ts';
import { markLost } from './lost.ts';
import type { Totals } from './totals.ts';
import type { Volumes } from './volumes.ts';

export interface TidyParts {
  readonly blobs: BlobStore;
  readonly meta: MetaStore;
  readonly crypto: CryptoSuite;
  readonly log: Log;
  readonly totals: Totals;
  readonly volumes: Volumes;
  readonly commits: CommitQueue;
}

/**
 * Gives dead space back in the background: volumes without live rows go, volumes less than half live are rewritten.
 * The rows point to their new place, durably, before the old volume is removed.
 */
export class Tidy {
  readonly #parts: TidyParts;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(parts: TidyParts) {
    this.#parts = parts;
  }

  /** Looks over the volumes soon, unless that is under way: then once more after it. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  async #run(): Promise<void> {
    const { log } = this.#parts;
    try {
      // Starts after the caller's own work: waking must never delay an acknowledgement.
      await Promise.resolve();
      while (this.#again && !this.#stopped) {
        this.#again = false;
        for (const name of this.#worthwhile()) await this.#rewrite(name);
      }
    } catch (error) {
      // A full disk, most likely: the next release wakes us again.
      log.warn('store.tidy-failed', { message: messageOf(error) });
    } finally {
      this.#running = undefined;
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #worthwhile(): string[] {
    const { volumes, totals } = this.#parts;
    return volumes
      .resting()
      .filter(({ name, size }) => size > 0 && totals.live(name) * 2 < size)
      .map(({ name }) => name);
  }

  async #rewrite(name: string): Promise<void> {
    const { volumes, totals, meta, log } = this.#parts;
    const resting = volumes.resting().some((volume) => volume.name === name);
    if (!resting || this.#isStopped()) return;
    volumes.retire(name);
    for await (const { key } of scanAll(meta, TABLES.heldVolumes, { prefix: `${name}/` })) {
      if (this.#isStopped()) return;
      const bytes = await meta.get(TABLES.heldRows, key.slice(name.length + 1));
      if (bytes === undefined) continue;
      const held = decodeHeldRow(bytes);
      if (held.volume === name && !held.lost) await this.#move(held);
    }
    if (totals.live(name) > 0) return;
    await volumes.remove(name);
    log.debug('store.volume-removed', { volume: name });
  }

  async #move(held: HeldRow): Promise<void> {
    const { blobs, crypto, volumes, commits, log } = this.#parts;
    const data = await blobs.read(held.volume, held.offset, held.bytes);
    if (!equalBytes(await shardHash(crypto, data), held.hash)) {
      await markLost(commits, log, held, 'hash');
      return;
    }
    const lease = await volumes.lease(held.bytes);
    let moved: boolean;
    try {
      await lease.append(data);
      moved = await commits.run({
        volume: lease.volume,
        apply: async (view) => {
          const key = heldRowKey(held.agreement, held.row);
          const now = await view.get(key);
          if (now === undefined || now.lost || !samePlace(now, held)) return false;
          view.set(key, { ...now, volume: lease.volume, offset: lease.start });
          return true;
        },
      });
    } catch (error) {
      lease.retire();
      throw error;
    }
    if (moved) lease.keep();
    else await lease.drop();
  }
}
