import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { AgreementId } from '../../core/ids.ts';
import type { LedgerDigest } from '../../core/ledger/row.ts';
import { ledgerDigest, segmentBytes } from '../../core/ledger/row.ts';
import { SEALED_SEGMENT_BYTES } from '../../core/limits.ts';
import { shardHash } from '../../core/snapshot/shard.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import type { ShardReceiver } from '../session/types.ts';
import { scanAll } from '../store/paging.ts';
import { TABLES } from '../store/tables.ts';
import { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { checkRow, decodeHeldRow, heldRowKey, ledgerRowOf, samePlace } from './held-row.ts';
import { markLost } from './lost.ts';
import { recover } from './recovery.ts';
import type { ScrubResult } from './scrub.ts';
import { scrubRows } from './scrub.ts';
import { ShardWriter, otherShard } from './shard-writer.ts';
import { PlatformSpace } from './space.ts';
import { Tidy } from './tidy.ts';
import type { Usage } from './totals.ts';
import { Totals } from './totals.ts';
import { UnderWay } from './under-way.ts';
import type { Lease } from './volumes.ts';
import { Volumes } from './volumes.ts';

export interface ShardStoreOptions {
  readonly blobs: BlobStore;
  readonly meta: MetaStore;
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly log: Log;
  /** bytes this device gives in all */
  readonly offered: () => number;
}

export interface PutRequest {
  readonly agreement: AgreementId;
  readonly row: LedgerRow;
  /** agreements that share one allowance: the newest of two devices and those it replaced */
  readonly group: readonly AgreementId[];
  /** bytes the whole group may take */
  readonly limit: number;
}

/** Pieces that any agreement may have, and one more for so many bytes of it: each costs a row, however small it is. */
const ROWS_FREE = 4096;
const ROW_SHARE_BYTES = 1024;

/** The shards this device keeps for others. Nothing is acknowledged before it is durable; nothing damaged is served. */
export class ShardStore {
  readonly #options: ShardStoreOptions;
  readonly #totals = new Totals();
  readonly #volumes: Volumes;
  readonly #commits: CommitQueue;
  readonly #tidy: Tidy;
  readonly #space: PlatformSpace;
  readonly #underWay = new UnderWay();
  readonly #digests = new Map<AgreementId, LedgerDigest>();
  readonly #listeners = new Set<() => void>();
  /** counts changed rows, so that no digest of former rows is remembered */
  #changes = 0;
  #closed = false;

  private constructor(options: ShardStoreOptions) {
    const { blobs, meta, crypto, log, clock } = options;
    this.#options = options;
    this.#volumes = new Volumes(blobs);
    this.#commits = new CommitQueue(blobs, meta, (before, after) => {
      this.#totals.change(before, after);
      this.#changes++;
      const agreement = (after ?? before)?.agreement;
      if (agreement !== undefined) this.#digests.delete(agreement);
      for (const listener of [...this.#listeners]) listener();
    });
    const totals = this.#totals;
    const volumes = this.#volumes;
    const commits = this.#commits;
    this.#tidy = new Tidy({ blobs, meta, crypto, log, totals, volumes, commits });
    this.#space = new PlatformSpace(blobs, clock);
  }

  /** Opens what is there and recovers from a crash: see recovery.ts. */
  static async open(options: ShardStoreOptions): Promise<ShardStore> {
    const store = new ShardStore(options);
    const { blobs, meta, log } = options;
    await recover({
      blobs,
      meta,
      log,
      totals: store.#totals,
      volumes: store.#volumes,
      commits: store.#commits,
    });
    store.#tidy.wake();
    return store;
  }

  /** bytes held for others, without what is under way */
  get held(): number {
    return this.#totals.bytes;
  }

  /** rows held for others, without lost ones */
  get rows(): number {
    return this.#totals.rows;
  }

  /** Calls back after each row that came, went or was lost. Returns what ends it. */
  onChange(handler: () => void): () => void {
    this.#listeners.add(handler);
    return () => void this.#listeners.delete(handler);
  }

  /** rows whose bytes are gone and that their owners have not released yet */
  get lost(): number {
    return this.#totals.lost;
  }

  /** Rows of one agreement whose bytes are gone and that the owner has not released yet. */
  lostRows(agreement: AgreementId): number {
    return this.#totals.lostOf(agreement);
  }

  /** Live rows and bytes of one agreement. */
  usage(agreement: AgreementId): Usage {
    return this.#totals.of(agreement);
  }

  /** Whether rows are kept under an agreement, or may soon be: lost ones are not counted. */
  uses(agreement: AgreementId): boolean {
    return this.usage(agreement).rows + this.#underWay.of(agreement).rows > 0;
  }

  /** Bytes the platform has left. */
  platformFree(): Promise<number> {
    return this.#space.free();
  }

  /**
   * Begins to take a shard, or says that it is here.
   * @throws RoostError 'malformed' | 'refused' (the row holds another shard) | 'full' with numbers
   */
  async put(request: PutRequest): Promise<'have' | ShardReceiver> {
    const { agreement, row } = request;
    this.#checkOpen();
    checkRow(row);
    const there = await this.#row(agreement, row.row);
    if (there && !equalBytes(there.hash, row.hash)) throw otherShard(row);
    if (there && !there.lost) return 'have';
    const over = this.#reserve(request);
    let giveBack: (() => void) | undefined;
    let lease: Lease | undefined;
    try {
      giveBack = await this.#space.take(row.bytes);
      lease = await this.#volumes.lease(row.bytes);
      this.#checkOpen();
    } catch (error) {
      await lease?.drop();
      giveBack?.();
      over();
      throw error;
    }
    const { blobs, crypto } = this.#options;
    const done = (kept: boolean): void => {
      if (!kept) giveBack();
      over();
      this.#tidy.wake();
    };
    return new ShardWriter({ blobs, crypto, commits: this.#commits, lease, agreement, row, done });
  }

  /**
   * Sealed segments `first` … `first + count - 1` of a row.
   * @throws RoostError 'not-found' | 'malformed' (no such segments) | 'corrupt' (this copy is lost)
   */
  async get(agreement: AgreementId, row: number, first: number, count: number): Promise<readonly Bytes[]> {
    const held = await this.#row(agreement, row);
    if (held === undefined) throw noRow(agreement, row);
    if (held.lost) throw lostRow(held);
    const whole = Number.isSafeInteger(first) && Number.isSafeInteger(count);
    if (!whole || first < 0 || count < 1 || count > held.segments - first) {
      throw new RoostError('malformed', `row ${row} has ${held.segments} segments, got ${first} + ${count}`);
    }
    const from = first * SEALED_SEGMENT_BYTES;
    const length = Math.min(held.bytes, from + count * SEALED_SEGMENT_BYTES) - from;
    const { data } = await this.#read(held, from, length);
    return Array.from({ length: count }, (_, index) =>
      data.subarray(index * SEALED_SEGMENT_BYTES, Math.min((index + 1) * SEALED_SEGMENT_BYTES, length)),
    );
  }

  /**
   * Segments of a row whose whole bytes were read and hashed just now, so that no rot is shown as proof; undefined when the row is
   * lost, then marked so, or is not here.
   * @param segments numbers of segments that the row has
   */
  async prove(
    agreement: AgreementId,
    row: number,
    segments: readonly number[],
  ): Promise<readonly Bytes[] | undefined> {
    const { crypto, log } = this.#options;
    for (;;) {
      const held = await this.#row(agreement, row);
      if (held === undefined || held.lost) return undefined;
      let read: { readonly held: HeldRow; readonly data: Bytes };
      try {
        read = await this.#read(held, 0, held.bytes);
      } catch (error) {
        const fault = faultOf(error);
        if (fault === 'corrupt' || fault === 'not-found') return undefined;
        throw error;
      }
      const { data } = read;
      if (equalBytes(await shardHash(crypto, data), held.hash)) {
        return segments.map((segment) => {
          const from = segment * SEALED_SEGMENT_BYTES;
          return data.slice(from, from + segmentBytes(held, segment));
        });
      }
      // Moved or released meanwhile: looks again.
      if (await markLost(this.#commits, log, read.held, 'hash')) {
        this.#tidy.wake();
        return undefined;
      }
    }
  }

  /** Drops rows, lost ones too; resolves when durable. */
  async release(agreement: AgreementId, rows: readonly number[]): Promise<void> {
    const keys = rows.map((row) => heldRowKey(agreement, row));
    await this.#commits.run({
      apply: async (view) => {
        for (const key of keys) if (await view.get(key)) view.set(key, undefined);
      },
    });
    this.#tidy.wake();
  }

  /** Live rows after a row number (a negative one: from the first), ascending. Lost rows are left out: so the owner learns of them. */
  async ledger(agreement: AgreementId, after: number, limit: number): Promise<readonly LedgerRow[]> {
    const rows: LedgerRow[] = [];
    for await (const held of this.#rows(agreement, after)) {
      rows.push(ledgerRowOf(held));
      if (rows.length >= limit) break;
    }
    return rows;
  }

  /** Count, bytes and digest of all live rows of an agreement. */
  async digest(agreement: AgreementId): Promise<LedgerDigest> {
    const known = this.#digests.get(agreement);
    if (known) return known;
    const changes = this.#changes;
    const rows: LedgerRow[] = [];
    for await (const held of this.#rows(agreement)) rows.push(ledgerRowOf(held));
    const digest = ledgerDigest(rows);
    if (changes === this.#changes) this.#digests.set(agreement, digest);
    return digest;
  }

  /** Re-hashes up to `limit` rows; pass the former result's `next` to go on. */
  async scrub(range: { readonly after?: string; readonly limit: number }): Promise<ScrubResult> {
    const { meta, crypto, log } = this.#options;
    const result = await scrubRows(
      { meta, crypto, log, commits: this.#commits, readWhole: (held) => this.#read(held, 0, held.bytes) },
      { after: range.after, limit: range.limit },
    );
    if (result.lost.length > 0) this.#tidy.wake();
    return result;
  }

  /** Resolves when nothing is being written or tidied. */
  async idle(): Promise<void> {
    await this.#commits.idle();
    await this.#tidy.idle();
  }

  /** Refuses new puts and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tidy.stop();
    await this.#commits.idle();
  }

  #checkOpen(): void {
    if (this.#closed) throw new RoostError('aborted', 'the shard store is closed');
  }

  async #row(agreement: AgreementId, row: number): Promise<HeldRow | undefined> {
    const bytes = await this.#options.meta.get(TABLES.heldRows, heldRowKey(agreement, row));
    return bytes === undefined ? undefined : decodeHeldRow(bytes);
  }

  async *#rows(agreement: AgreementId, after?: number): AsyncGenerator<HeldRow> {
    const range = {
      prefix: `${agreement}/`,
      ...(after === undefined || after < 0 ? {} : { after: heldRowKey(agreement, after) }),
    };
    for await (const { value } of scanAll(this.#options.meta, TABLES.heldRows, range)) {
      const held = decodeHeldRow(value);
      if (!held.lost) yield held;
    }
  }

  /** Reads part of a row where it lies now: tidying may move it meanwhile. */
  async #read(
    held: HeldRow,
    from: number,
    length: number,
  ): Promise<{ readonly held: HeldRow; readonly data: Bytes }> {
    const { blobs, log } = this.#options;
    let row = held;
    for (;;) {
      try {
        return { held: row, data: await blobs.read(row.volume, row.offset + from, length) };
      } catch (error) {
        const fault = faultOf(error);
        if (fault !== 'not-found' && fault !== 'corrupt') throw error;
      }
      const now = await this.#row(row.agreement, row.row);
      if (now === undefined) throw noRow(row.agreement, row.row);
      if (now.lost) throw lostRow(now);
      if (samePlace(now, row)) {
        await markLost(this.#commits, log, now, 'missing');
        throw lostRow(now);
      }
      row = now;
    }
  }

  /** Sets the row and the bytes of a put aside in the agreement and in the offer. @throws RoostError 'full' */
  #reserve({ agreement, row, group, limit }: PutRequest): () => void {
    let bytes = 0;
    let rows = 0;
    for (const id of group) {
      const held = this.#totals.of(id);
      const coming = this.#underWay.of(id);
      bytes += held.bytes + coming.bytes;
      rows += held.rows + coming.rows;
    }
    const rowsMax = ROWS_FREE + Math.floor(limit / ROW_SHARE_BYTES);
    if (rows >= rowsMax) {
      throw new RoostError('full', `agreement of ${limit} bytes allows ${rowsMax} pieces, ${rows} are taken`);
    }
    if (bytes + row.bytes > limit) {
      throw new RoostError(
        'full',
        `agreement allows ${limit} bytes, ${bytes} are taken, ${row.bytes} more do not fit`,
      );
    }
    const offered = this.#options.offered();
    const inAll = this.#totals.bytes + this.#underWay.bytes;
    if (inAll + row.bytes > offered) {
      throw new RoostError(
        'full',
        `offer is ${offered} bytes, ${inAll} are taken, ${row.bytes} more do not fit`,
      );
    }
    return this.#underWay.begin(agreement, row.bytes);
  }
}

function noRow(agreement: AgreementId, row: number): RoostError {
  return new RoostError('not-found', `agreement ${agreement} has no row ${row} here`);
}

function lostRow(held: HeldRow): RoostError {
  return new RoostError('corrupt', `row ${held.row} is lost here: its bytes are gone or damaged`);
}
