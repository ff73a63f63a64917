import type { Bytes } from '../../core/bytes.ts';
import { decodeOwnCbor, encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId, ChunkId, DeviceId, PackId, SnapshotId } from '../../core/ids.ts';
import { parseChunkId, parseDeviceId } from '../../core/ids.ts';
import { RECORD_MAX_BYTES } from '../../core/limits.ts';
import { decodeSnapshot, encodeSnapshot } from '../../core/snapshot/snapshot.ts';
import type { IndexedChunk, Snapshot } from '../../core/snapshot/types.ts';
import { decodeUtf8, encodeUtf8 } from '../../core/utf8.ts';
import type { MetaOperation, MetaRow, MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { ChunkPlaces } from './chunk-places.ts';
import type { PlaceChange } from './chunk-places.ts';
import type {
  ChunkPlace,
  FileRecord,
  Intent,
  OwnHead,
  RepairFacts,
  Placement,
  StoredPack,
} from './records.ts';
import {
  decodeFileRecord,
  decodeIntent,
  decodeOwnHead,
  decodePackFacts,
  decodePlacement,
  decodeStoredPack,
  encodeFileRecord,
  encodeIntent,
  encodeOwnHead,
  encodePlacement,
  encodeStoredPack,
  placementKey,
} from './records.ts';
import { OWNER_TABLES } from './tables.ts';

const SCAN_BATCH = 5_000;
const DUTY_SCAN_BATCH = 16;
const OWN_HEAD_KEY = 'own';
/** Operations of one atomic write that are not needed to stand or fall together. */
const WRITE_BATCH = 2_000;

/** One part of an atomic change. */
export type RepositoryOperation = MetaOperation | PlaceChange;

/** What this device knows of its account's backups: packs, chunks, where shards lie, snapshots, heads. */
export class Repository {
  readonly #meta: MetaStore;
  readonly #places: ChunkPlaces;
  /** row numbers are read and raised one caller at a time */
  readonly #numbering = new Limiter(1);

  constructor(meta: MetaStore) {
    this.#meta = meta;
    this.#places = new ChunkPlaces(meta);
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
    for await (const row of this.#all(OWNER_TABLES.packs)) yield decodeStoredPack(row.value);
  }

  /** Every pack in the order of the ids, as repair sees it. */
  async *packFacts(): AsyncGenerator<RepairFacts & Pick<StoredPack, 'device'>> {
    for await (const row of this.#all(OWNER_TABLES.packs)) yield decodePackFacts(row.value);
  }

  async placements(pack: PackId): Promise<readonly Placement[]> {
    const rows = await this.#meta.scan(OWNER_TABLES.placements, { prefix: `${pack}/`, limit: 1_000 });
    return rows.map((row) => decodePlacement(row.value));
  }

  /** Every placement in the order of the pack ids. */
  async *allPlacements(): AsyncGenerator<Placement> {
    for await (const row of this.#all(OWNER_TABLES.placements)) yield decodePlacement(row.value);
  }

  /** Our side of one ledger, ascending by row. */
  async ledger(agreement: AgreementId): Promise<readonly Placement[]> {
    const keys: string[] = [];
    for await (const row of this.#all(OWNER_TABLES.ledgers, `${agreement}/`))
      keys.push(decodeUtf8(row.value));
    const rows = await this.#meta.getMany(OWNER_TABLES.placements, keys);
    // A shard that has another row by now leaves its former one behind.
    return rows
      .flatMap((row) => (row ? [decodePlacement(row)] : []))
      .filter((placement) => placement.agreement === agreement)
      .sort((a, b) => a.row - b.row)
      .filter(({ row }, i, all) => row !== all[i - 1]?.row);
  }

  /**
   * Hands out the next row number of an agreement, durably together with the intent of the pack that will use it.
   * Rows are never used twice, whatever crashes.
   */
  async reserve(pack: PackId, agreements: readonly AgreementId[]): Promise<readonly number[]> {
    return this.#numbering.run(() => this.#reserve(pack, agreements));
  }

  async #reserve(pack: PackId, agreements: readonly AgreementId[]): Promise<readonly number[]> {
    const known = await this.#meta.getMany(OWNER_TABLES.rows, agreements);
    const next = new Map<AgreementId, number>();
    agreements.forEach((agreement, i) => {
      const row = known[i];
      next.set(agreement, row ? readNumber(row) : 0);
    });
    const rows = agreements.map((agreement) => {
      const row = (next.get(agreement) ?? 0) + 1;
      next.set(agreement, row);
      return row;
    });
    const former = await this.#meta.get(OWNER_TABLES.intents, pack);
    const intent: Intent = {
      rows: [
        ...(former ? decodeIntent(former).rows : []),
        ...agreements.map((agreement, i) => ({ agreement, row: rows[i] ?? 0 })),
      ],
    };
    await this.#meta.write([
      { kind: 'put', table: OWNER_TABLES.intents, key: pack, value: encodeIntent(intent) },
      ...[...next].map(([agreement, row]): MetaOperation => ({
        kind: 'put',
        table: OWNER_TABLES.rows,
        key: agreement,
        value: encodeCbor(row),
      })),
    ]);
    return rows;
  }

  /** Lifts the row counter of an agreement over rows that its holder has already. */
  async raiseRows(agreement: AgreementId, highest: number): Promise<void> {
    const row = await this.#meta.get(OWNER_TABLES.rows, agreement);
    if (row && readNumber(row) >= highest) return;
    await this.#meta.write([
      { kind: 'put', table: OWNER_TABLES.rows, key: agreement, value: encodeCbor(highest) },
    ]);
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
    const intent = await this.#meta.get(OWNER_TABLES.intents, pack.packId);
    const used = new Set(placements.map((p) => rowKey(p.agreement, p.row)));
    const unused = (intent ? decodeIntent(intent).rows : []).filter(
      (r) => !used.has(rowKey(r.agreement, r.row)),
    );
    await this.apply([
      this.operations.pack(pack),
      this.operations.chunks(pack.packId, chunks),
      ...placements.flatMap(putPlacement),
      ...unused.map(putRelease),
      { kind: 'delete', table: OWNER_TABLES.intents, key: pack.packId },
    ]);
  }

  /**
   * Makes shards that were brought to other holders part of a pack, and forgets those that they replace, all at once. Rows of the
   * pack's intent that no placement uses are marked for release, and so are `replaced` ones whose holder is there to be told.
   */
  async commitPlacements(
    pack: PackId,
    placements: readonly Placement[],
    replaced: readonly { readonly placement: Placement; readonly release: boolean }[] = [],
  ): Promise<void> {
    const intent = await this.#meta.get(OWNER_TABLES.intents, pack);
    const used = new Set(placements.map((p) => rowKey(p.agreement, p.row)));
    const keys = new Set(placements.map(placementKey));
    const unused = (intent ? decodeIntent(intent).rows : []).filter(
      (r) => !used.has(rowKey(r.agreement, r.row)),
    );
    await this.#meta.write([
      ...placements.flatMap(putPlacement),
      ...(await this.#awaitNoMore(placements)),
      // A run beside this one may have taken the intent for one that was cut off.
      ...[...used].map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.releases, key })),
      ...replaced
        .map(({ placement }) => placementKey(placement))
        .filter((key) => !keys.has(key))
        .map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.placements, key })),
      ...replaced
        .map(({ placement }) => rowKey(placement.agreement, placement.row))
        .filter((key) => !used.has(key))
        .map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.ledgers, key })),
      ...[...unused, ...replaced.filter(({ release }) => release).map(({ placement }) => placement)].map(
        putRelease,
      ),
      ...(intent ? [{ kind: 'delete', table: OWNER_TABLES.intents, key: pack } satisfies MetaOperation] : []),
    ]);
  }

  /** What has found a holder is lost if it is missing again: it waits for a first one no more. */
  async #awaitNoMore(placements: readonly Placement[]): Promise<MetaOperation[]> {
    const packs = [...new Set(placements.map(({ packId }) => packId))];
    const rows = await this.#meta.getMany(OWNER_TABLES.packs, packs);
    return rows.flatMap((row) => {
      if (row === undefined || decodePackFacts(row).awaited.length === 0) return [];
      const pack = decodeStoredPack(row);
      const placed = new Set(
        placements.flatMap(({ packId, shard }) => (packId === pack.packId ? [shard] : [])),
      );
      const awaited = pack.awaited.filter((shard) => !placed.has(shard));
      return awaited.length === pack.awaited.length ? [] : [this.operations.pack({ ...pack, awaited })];
    });
  }

  /** Turns intents of a run that was cut off into rows to be released. */
  async dropIntents(): Promise<number> {
    let dropped = 0;
    for await (const row of this.#all(OWNER_TABLES.intents)) {
      const intent = decodeIntent(row.value);
      await this.#meta.write([
        ...intent.rows.map(putRelease),
        { kind: 'delete', table: OWNER_TABLES.intents, key: row.key },
      ]);
      dropped += intent.rows.length;
    }
    return dropped;
  }

  /** Rows of one agreement that its holder may drop. */
  async releases(agreement: AgreementId): Promise<readonly number[]> {
    const rows: number[] = [];
    for await (const row of this.#all(OWNER_TABLES.releases, `${agreement}/`)) {
      rows.push(Number(row.key.slice(agreement.length + 1)));
    }
    return rows;
  }

  async released(agreement: AgreementId, rows: readonly number[]): Promise<void> {
    await this.#writeInBatches(
      rows.map((row) => ({ kind: 'delete', table: OWNER_TABLES.releases, key: rowKey(agreement, row) })),
    );
  }

  async markForRelease(
    rows: readonly { readonly agreement: AgreementId; readonly row: number }[],
  ): Promise<void> {
    await this.#writeInBatches(rows.map(putRelease));
  }

  async putPlacements(placements: readonly Placement[]): Promise<void> {
    await this.#writeInBatches([
      ...placements.flatMap(putPlacement),
      ...(await this.#awaitNoMore(placements)),
    ]);
  }

  /** Forgets placements, save those that have another row by now. */
  async removePlacements(placements: readonly Placement[]): Promise<void> {
    const now = await this.#placementsNow(placements);
    await this.#writeInBatches(
      placements
        .filter((p, i) => now[i]?.agreement === p.agreement && now[i].row === p.row)
        .flatMap(dropPlacement),
    );
  }

  /** Those of a holder's rows that no placement and no pack under way knows. */
  async unknownRows(
    agreement: AgreementId,
    rows: readonly Pick<Placement, 'packId' | 'shard' | 'holder' | 'row'>[],
  ): Promise<readonly number[]> {
    if (rows.length === 0) return [];
    // Intents first: what is committed meanwhile is a placement then.
    const underWay = new Set<string>();
    for await (const intent of this.#all(OWNER_TABLES.intents)) {
      for (const taken of decodeIntent(intent.value).rows) underWay.add(rowKey(taken.agreement, taken.row));
    }
    const now = await this.#placementsNow(rows);
    return rows
      .filter(({ row }, i) => !(now[i]?.agreement === agreement && now[i].row === row))
      .map(({ row }) => row)
      .filter((row) => !underWay.has(rowKey(agreement, row)));
  }

  async #placementsNow(
    places: readonly Pick<Placement, 'packId' | 'shard' | 'holder'>[],
  ): Promise<readonly (Placement | undefined)[]> {
    const rows = await this.#meta.getMany(OWNER_TABLES.placements, places.map(placementKey));
    return rows.map((row) => (row ? decodePlacement(row) : undefined));
  }

  /** Parts of duties in the order of their keys (src/agent/delegate/duty-store.ts), few at a time: each is large. */
  async *duties(prefix?: string): AsyncGenerator<MetaRow> {
    yield* this.#all(OWNER_TABLES.duties, prefix, DUTY_SCAN_BATCH);
  }

  /** What is remembered of the files of one folder (key prefix), many at a time. */
  async *files(
    folder: string,
  ): AsyncGenerator<readonly { readonly key: string; readonly record: FileRecord }[]> {
    for await (const rows of this.#batches(OWNER_TABLES.files, folder))
      yield rows.map(({ key, value }) => ({ key, record: decodeFileRecord(value) }));
  }

  /** The scan's memory may be lost without harm: files are read again. */
  async putFiles(files: readonly { readonly key: string; readonly record: FileRecord }[]): Promise<void> {
    await this.#writeInBatches(
      files.map(({ key, record }) => ({
        kind: 'put',
        table: OWNER_TABLES.files,
        key,
        value: encodeFileRecord(record),
      })),
      false,
    );
  }

  async forgetFiles(keys: readonly string[]): Promise<void> {
    await this.#writeInBatches(
      keys.map((key) => ({ kind: 'delete', table: OWNER_TABLES.files, key })),
      false,
    );
  }

  async treeChunks(ids: readonly ChunkId[]): Promise<readonly (Bytes | undefined)[]> {
    return this.#meta.getMany(OWNER_TABLES.trees, ids);
  }

  async putTreeChunks(chunks: readonly { readonly id: ChunkId; readonly bytes: Bytes }[]): Promise<void> {
    await this.#writeInBatches(
      chunks.map(({ id, bytes }) => ({ kind: 'put', table: OWNER_TABLES.trees, key: id, value: bytes })),
      false,
    );
  }

  async keepTreeChunks(live: ReadonlySet<ChunkId>): Promise<void> {
    const gone: MetaOperation[] = [];
    for await (const row of this.#all(OWNER_TABLES.trees)) {
      if (!live.has(parseChunkId(row.key)))
        gone.push({ kind: 'delete', table: OWNER_TABLES.trees, key: row.key });
    }
    await this.#writeInBatches(gone, false);
  }

  async snapshots(): Promise<readonly Snapshot[]> {
    const found: Snapshot[] = [];
    for await (const row of this.#all(OWNER_TABLES.snapshots)) found.push(decodeSnapshot(row.value));
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

  /** Operations for an atomic change of head, snapshots and packs together. */
  operations = {
    ownHead: (head: OwnHead): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.state,
      key: OWN_HEAD_KEY,
      value: encodeOwnHead(head),
    }),
    pack: (pack: StoredPack): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.packs,
      key: pack.packId,
      value: encodeStoredPack(pack),
    }),
    chunks: (pack: PackId, chunks: readonly IndexedChunk[]): PlaceChange => ({
      kind: 'put-chunks',
      pack,
      chunks,
    }),
    dropChunks: (pack: PackId): PlaceChange => ({ kind: 'drop-chunks', pack }),
    snapshot: (snapshot: Snapshot): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.snapshots,
      key: snapshot.id,
      value: encodeSnapshot(snapshot),
    }),
    dropSnapshot: (id: SnapshotId): MetaOperation => ({
      kind: 'delete',
      table: OWNER_TABLES.snapshots,
      key: id,
    }),
    /** Takes a pack out, and its chunks with it. */
    dropPack: (id: PackId): RepositoryOperation[] => [
      { kind: 'delete', table: OWNER_TABLES.packs, key: id },
      { kind: 'drop-chunks', pack: id },
    ],
    dropPlacement,
    release: putRelease,
    duty: (key: string, part: Bytes): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.duties,
      key,
      value: part,
    }),
    dropDuty: (key: string): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.duties, key }),
    head: (device: DeviceId, sealed: Bytes): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.heads,
      key: device,
      value: sealed,
    }),
    state: (key: string, value: unknown): MetaOperation => ({
      kind: 'put',
      table: OWNER_TABLES.state,
      key: `agent/${key}`,
      value: encodeCbor(value),
    }),
  };

  /** All or nothing. */
  async apply(operations: readonly RepositoryOperation[]): Promise<void> {
    const changes = operations.filter((operation) => isPlaceChange(operation));
    const rest = operations.filter((operation) => !isPlaceChange(operation));
    if (changes.length > 0) await this.#places.write(changes, rest);
    else await this.#meta.write(rest);
  }

  /** Small plain values of the agent (folders, offer, names). The reader checks the shape. */
  async state(key: string): Promise<unknown> {
    const row = await this.#meta.get(OWNER_TABLES.state, `agent/${key}`);
    return row ? decodeOwnCbor(row, RECORD_MAX_BYTES) : undefined;
  }

  async heads(): Promise<ReadonlyMap<DeviceId, Bytes>> {
    const heads = new Map<DeviceId, Bytes>();
    for await (const row of this.#all(OWNER_TABLES.heads)) heads.set(parseDeviceId(row.key), row.value);
    return heads;
  }

  async *#all(table: string, prefix?: string, batch = SCAN_BATCH): AsyncGenerator<MetaRow> {
    for await (const rows of this.#batches(table, prefix, batch)) yield* rows;
  }

  async *#batches(table: string, prefix?: string, batch = SCAN_BATCH): AsyncGenerator<readonly MetaRow[]> {
    let after: string | undefined;
    for (;;) {
      const rows = await this.#meta.scan(table, {
        ...(prefix === undefined ? {} : { prefix }),
        ...(after === undefined ? {} : { after }),
        limit: batch,
      });
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < batch) return;
      after = last.key;
    }
  }

  async #writeInBatches(operations: readonly MetaOperation[], durable = true): Promise<void> {
    for (let i = 0; i < operations.length; i += WRITE_BATCH) {
      await this.#meta.write(operations.slice(i, i + WRITE_BATCH), { durable });
    }
  }
}

function isPlaceChange(operation: RepositoryOperation): operation is PlaceChange {
  return operation.kind === 'put-chunks' || operation.kind === 'drop-chunks';
}

function rowKey(agreement: AgreementId, row: number): string {
  return `${agreement}/${String(row).padStart(12, '0')}`;
}

function putRelease({
  agreement,
  row,
}: {
  readonly agreement: AgreementId;
  readonly row: number;
}): MetaOperation {
  return {
    kind: 'put',
    table: OWNER_TABLES.releases,
    key: rowKey(agreement, row),
    value: encodeCbor(row),
  };
}

function putPlacement(placement: Placement): MetaOperation[] {
  const key = placementKey(placement);
  return [
    { kind: 'put', table: OWNER_TABLES.placements, key, value: encodePlacement(placement) },
    {
      kind: 'put',
      table: OWNER_TABLES.ledgers,
      key: rowKey(placement.agreement, placement.row),
      value: encodeUtf8(key),
    },
  ];
}

function dropPlacement(placement: Placement): MetaOperation[] {
  return [
    { kind: 'delete', table: OWNER_TABLES.placements, key: placementKey(placement) },
    {
      kind: 'delete',
      table: OWNER_TABLES.ledgers,
      key: rowKey(placement.agreement, placement.row),
    },
  ];
}

function readNumber(bytes: Bytes): number {
  const value = decodeOwnCbor(bytes, 16);
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new RoostError('corrupt', 'a local row counter is damaged');
  }
  return value;
}
