import type { Bytes } from '../../core/bytes.ts';
import { decodeOwnCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { ChunkId, DeviceId, PackId, SnapshotId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import { RECORD_MAX_BYTES } from '../../core/limits.ts';
import { decodeSnapshot } from '../../core/snapshot/snapshot.ts';
import type { IndexedChunk, Snapshot } from '../../core/snapshot/types.ts';
import type { MetaRow, MetaStore } from '../../ports/meta-store.ts';
import { LONG_PAGE_ROWS, scanAll } from '../store/paging.ts';
import { ChunkPlaces } from './chunk-places.ts';
import type { PlaceChange } from './chunk-places.ts';
import { LocalCache } from './local-cache.ts';
import type { RepositoryOperation } from './operations.ts';
import { operations } from './operations.ts';
import type { ChunkPlace, OwnHead, Placement, RepairFacts, StoredPack } from './records.ts';
import { OWN_HEAD_KEY, agentStateKey, decodeOwnHead, decodePackFacts, decodeStoredPack } from './records.ts';
import { Rows } from './rows.ts';
import { OWNER_TABLES } from './tables.ts';

const DUTY_SCAN_BATCH = 16;

/** What this device knows of its account's backups: packs, chunks, snapshots, heads, and where shards lie. */
export class Repository {
  readonly #meta: MetaStore;
  readonly #places: ChunkPlaces;
  readonly rows: Rows;
  readonly cache: LocalCache;
  /** what `apply` takes */
  readonly operations = operations;

  constructor(meta: MetaStore) {
    this.#meta = meta;
    this.#places = new ChunkPlaces(meta);
    this.rows = new Rows(meta);
    this.cache = new LocalCache(meta);
  }

  /** Where chunks lie; undefined for those that lie nowhere. */
  async chunkPlaces(ids: readonly ChunkId[]): Promise<readonly (ChunkPlace | undefined)[]> {
    const index = await this.#places.index();
    return ids.map((id) => index.get(id));
  }

  /** Those of the chunks that lie in a pack. */
  async storedChunks(ids: readonly ChunkId[]): Promise<ReadonlySet<ChunkId>> {
    const index = await this.#places.index();
    return new Set(ids.filter((id) => index.has(id)));
  }

  /** Times that chunks were dropped since the start: when it changes, what was said to be stored before may not be any more. */
  get chunkDrops(): number {
    return this.#places.drops;
  }

  /**
   * Chunks that lie in a pack and in no other.
   * @param bundles only those of these bundles, when given
   */
  chunksOf(pack: PackId, bundles?: readonly number[]): Promise<readonly IndexedChunk[]> {
    return this.#places.of(pack, bundles);
  }

  async pack(id: PackId): Promise<StoredPack | undefined> {
    const row = await this.#meta.get(OWNER_TABLES.packs, id);
    return row ? decodeStoredPack(row) : undefined;
  }

  async *packs(): AsyncGenerator<StoredPack> {
    const range = { limit: LONG_PAGE_ROWS };
    for await (const row of scanAll(this.#meta, OWNER_TABLES.packs, range)) yield decodeStoredPack(row.value);
  }

  /** Every pack in the order of the ids, as repair sees it. */
  async *packFacts(): AsyncGenerator<RepairFacts & Pick<StoredPack, 'device'>> {
    const range = { limit: LONG_PAGE_ROWS };
    for await (const row of scanAll(this.#meta, OWNER_TABLES.packs, range)) yield decodePackFacts(row.value);
  }

  /**
   * Makes a pack part of the backup: its chunks can be referred to from here on. Rows of its intent that no placement uses
   * (a holder failed and another took over) are marked for release.
   */
  async commitPack(
    pack: StoredPack,
    chunks: readonly IndexedChunk[],
    placements: readonly Placement[],
  ): Promise<void> {
    await this.apply([
      operations.pack(pack),
      operations.chunks(pack.packId, chunks),
      ...(await this.rows.commitOperations(pack.packId, placements)),
    ]);
  }

  /** Parts of duties in the order of their keys (src/agent/delegate/duty-store.ts), few at a time: each is large. */
  async *duties(prefix?: string): AsyncGenerator<MetaRow> {
    const range = { ...(prefix === undefined ? {} : { prefix }), limit: DUTY_SCAN_BATCH };
    yield* scanAll(this.#meta, OWNER_TABLES.duties, range);
  }

  async snapshots(): Promise<readonly Snapshot[]> {
    const found: Snapshot[] = [];
    for await (const row of scanAll(this.#meta, OWNER_TABLES.snapshots))
      found.push(decodeSnapshot(row.value));
    return found.sort((a, b) => a.startedAt - b.startedAt);
  }

  async snapshot(id: SnapshotId): Promise<Snapshot> {
    const row = await this.#meta.get(OWNER_TABLES.snapshots, id);
    if (!row) throw new RoostError('not-found', `no snapshot ${id} here`);
    return decodeSnapshot(row);
  }

  async ownHead(): Promise<OwnHead> {
    const row = await this.#meta.get(OWNER_TABLES.state, OWN_HEAD_KEY);
    if (row) return decodeOwnHead(row);
    return { seq: 0, hash: new Uint8Array(32), index: [], acknowledged: true, sealed: undefined };
  }

  /** All or nothing. */
  async apply(changes: readonly RepositoryOperation[]): Promise<void> {
    const moves = changes.filter((change) => isPlaceChange(change));
    const rest = changes.filter((change) => !isPlaceChange(change));
    if (moves.length > 0) await this.#places.write(moves, rest);
    else await this.#meta.write(rest);
  }

  /** Small plain values of the agent (folders, offer, names). The reader checks the shape. */
  async state(key: string): Promise<unknown> {
    const row = await this.#meta.get(OWNER_TABLES.state, agentStateKey(key));
    return row ? decodeOwnCbor(row, RECORD_MAX_BYTES) : undefined;
  }

  async heads(): Promise<ReadonlyMap<DeviceId, Bytes>> {
    const heads = new Map<DeviceId, Bytes>();
    for await (const row of scanAll(this.#meta, OWNER_TABLES.heads))
      heads.set(parseDeviceId(row.key), row.value);
    return heads;
  }
}

function isPlaceChange(operation: RepositoryOperation): operation is PlaceChange {
  return operation.kind === 'put-chunks' || operation.kind === 'drop-chunks';
}
