import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import type { DeviceId, PackId, SnapshotId } from '../../core/ids.ts';
import { encodeSnapshot } from '../../core/snapshot/snapshot.ts';
import type { IndexedChunk, Snapshot } from '../../core/snapshot/types.ts';
import { encodeUtf8 } from '../../core/utf8.ts';
import type { MetaOperation } from '../../ports/meta-store.ts';
import type { PlaceChange } from './chunk-places.ts';
import type { OwnHead, Placement, RowName, StoredPack } from './records.ts';
import {
  OWN_HEAD_KEY,
  agentStateKey,
  encodeOwnHead,
  encodePlacement,
  encodeStoredPack,
  placementKey,
  rowKey,
} from './records.ts';
import { OWNER_TABLES } from './tables.ts';

/** One part of an atomic change. */
export type RepositoryOperation = MetaOperation | PlaceChange;

/** Parts of atomic changes of head, snapshots, packs and where these lie. */
export const operations = {
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
  putPlacement: (placement: Placement): MetaOperation[] => {
    const key = placementKey(placement);
    return [
      { kind: 'put', table: OWNER_TABLES.placements, key, value: encodePlacement(placement) },
      {
        kind: 'put',
        table: OWNER_TABLES.ledgers,
        key: rowKey(placement),
        value: encodeUtf8(key),
      },
    ];
  },
  dropPlacement: (placement: Placement): MetaOperation[] => [
    { kind: 'delete', table: OWNER_TABLES.placements, key: placementKey(placement) },
    { kind: 'delete', table: OWNER_TABLES.ledgers, key: rowKey(placement) },
  ],
  /** Marks a row that its holder may drop. */
  release: (row: RowName): MetaOperation => ({
    kind: 'put',
    table: OWNER_TABLES.releases,
    key: rowKey(row),
    value: encodeCbor(row.row),
  }),
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
    key: agentStateKey(key),
    value: encodeCbor(value),
  }),
};
