import type { Bytes } from '../../core/bytes.ts';
import { concatBytes, equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId } from '../../core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../core/limits.ts';
import { shardHash } from '../../core/snapshot/shard.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { ShardReceiver } from '../session/types.ts';
import type { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { heldRowKey } from './held-row.ts';
import type { Lease } from './volumes.ts';

/** Segments written in one append: about 1 MiB, so that few calls cross to the store's worker. */
const SEGMENTS_PER_APPEND = 16;

export interface ShardWriterParts {
  readonly blobs: BlobStore;
  readonly crypto: CryptoSuite;
  readonly commits: CommitQueue;
  readonly lease: Lease;
  readonly agreement: AgreementId;
  readonly row: LedgerRow;
  /** Called once, when the put is over: with whether its bytes are used, or may be. */
  readonly done: (kept: boolean) => void;
}

/** Takes one shard: whole segments go to the volume as they come, the row follows when all are there and durable. */
export class ShardWriter implements ShardReceiver {
  readonly #parts: ShardWriterParts;
  #pending: Bytes[] = [];
  #segments = 0;
  #over = false;

  constructor(parts: ShardWriterParts) {
    this.#parts = parts;
  }

  async segment(bytes: Bytes): Promise<void> {
    const { row } = this.#parts;
    this.#checkOpen();
    const last = this.#segments === row.segments - 1;
    const expected = last ? row.bytes - this.#segments * SEALED_SEGMENT_BYTES : SEALED_SEGMENT_BYTES;
    if (this.#segments >= row.segments || bytes.length !== expected) {
      await this.abort();
      throw new RoostError(
        'malformed',
        `segment ${this.#segments} of ${row.segments} must be ${expected} bytes, got ${bytes.length}`,
      );
    }
    this.#pending.push(bytes);
    this.#segments++;
    if (last || this.#pending.length >= SEGMENTS_PER_APPEND) await this.#append();
  }

  async commit(): Promise<void> {
    const { agreement, row, lease, commits, done } = this.#parts;
    this.#checkOpen();
    if (this.#segments !== row.segments) {
      await this.abort();
      throw new RoostError('malformed', `a shard of ${row.segments} segments ended after ${this.#segments}`);
    }
    await this.#checkHash();
    this.#checkOpen();
    this.#over = true;
    const key = heldRowKey(agreement, row.row);
    const held: HeldRow = { ...row, agreement, volume: lease.volume, offset: lease.start, lost: false };
    let ours: boolean;
    try {
      ours = await commits.run({
        volume: lease.volume,
        apply: async (view) => {
          const there = await view.get(key);
          if (there && !equalBytes(there.hash, row.hash)) throw otherShard(row);
          if (there && !there.lost) return false;
          view.set(key, held);
          return true;
        },
      });
    } catch (error) {
      const unused = error instanceof RoostError && error.fault === 'refused';
      if (unused) await lease.drop();
      else lease.retire();
      done(!unused);
      throw error;
    }
    if (ours) lease.keep();
    else await lease.drop();
    done(ours);
  }

  async abort(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#pending = [];
    await this.#parts.lease.drop();
    this.#parts.done(false);
  }

  #checkOpen(): void {
    if (this.#over) throw new RoostError('aborted', 'this put has ended');
  }

  async #append(): Promise<void> {
    const block = concatBytes(...this.#pending);
    this.#pending = [];
    try {
      await this.#parts.lease.append(block);
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  /** Reads the shard back: what is acknowledged is what the volume gives. */
  async #checkHash(): Promise<void> {
    const { blobs, crypto, lease, row } = this.#parts;
    try {
      const stored = await blobs.read(lease.volume, lease.start, row.bytes);
      if (equalBytes(await shardHash(crypto, stored), row.hash)) return;
    } catch (error) {
      await this.abort();
      throw error;
    }
    await this.abort();
    throw new RoostError('corrupt', `shard of row ${row.row} does not have the hash its row names`);
  }
}

/** A row keeps its shard: an owner that wants another there uses a new row. */
export function otherShard(row: LedgerRow): RoostError {
  return new RoostError('refused', `row ${row.row} holds another shard already`);
}
