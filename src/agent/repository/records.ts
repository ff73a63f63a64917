import type { Bytes } from '../../core/bytes.ts';
import { decodeOwnCbor, encodeCbor } from '../../core/cbor.ts';
import type { Code, CodeName } from '../../core/erasure/codes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId, ChunkId, DeviceId, PackId } from '../../core/ids.ts';
import { parseAgreementId, parseDeviceId, parsePackId } from '../../core/ids.ts';
import { RECORD_MAX_BYTES } from '../../core/limits.ts';
import { CHUNK_LIST_MAX_BYTES, chunkListBytes, splitChunkList } from '../../core/snapshot/chunk-list.ts';
import type { PackRef } from '../../core/snapshot/types.ts';

/** A pack as this device knows it. */
export interface StoredPack extends PackRef {
  /** device whose journal names it; only that device may free it */
  readonly device: DeviceId;
  /** milliseconds since 1970 from which no snapshot needs it */
  readonly deadSince: number | undefined;
  /** acknowledged, but in no journal part yet: a run was cut off */
  readonly journaled: boolean;
  /** true for a pack that holds journal parts and is named by the head, not by the journal */
  readonly journal: boolean;
  /** shards that have had no holder yet: too few partners were in reach when it was saved */
  readonly awaited: readonly number[];
}

/** Enough to fetch, remake and seal a pack's shards, nothing to read it. */
export type PackFacts = Pick<PackRef, 'packId' | 'code' | 'shardBytes'>;

/** What repair knows of a pack. */
export type RepairFacts = PackFacts & Pick<StoredPack, 'awaited'>;

/** Where one shard lies. */
export interface Placement {
  readonly packId: PackId;
  readonly shard: number;
  readonly holder: DeviceId;
  readonly agreement: AgreementId;
  readonly row: number;
  readonly bytes: number;
  readonly segments: number;
  readonly hash: Bytes;
}

export interface ChunkPlace {
  readonly packId: PackId;
  readonly bundle: number;
  readonly offset: number;
  readonly length: number;
}

/** What the scan remembers of a file. */
export interface FileRecord {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly chunks: readonly ChunkId[];
}

/** A row beside its list of chunks. */
const ROW_ROOM_BYTES = 1024;

/** Local rows are our own writing: a row that does not decode means a damaged database. */
function local<T>(
  what: string,
  bytes: Bytes,
  read: (value: never) => T,
  maxBytes: number = RECORD_MAX_BYTES,
): T {
  try {
    return read(decodeOwnCbor(bytes, maxBytes) as never);
  } catch (cause) {
    throw new RoostError('corrupt', `local record of ${what} is damaged`, { cause });
  }
}

type PackRow = [
  string,
  Bytes,
  'data' | 'meta',
  string,
  number,
  number,
  number,
  number[],
  number,
  boolean,
  string,
  boolean,
  number[],
];

export function encodeStoredPack(pack: StoredPack): Bytes {
  const row: PackRow = [
    pack.packId,
    pack.salt,
    pack.kind,
    pack.code.name,
    pack.code.m,
    pack.code.k,
    pack.shardBytes,
    [...pack.bundles],
    pack.deadSince ?? 0,
    pack.journaled,
    pack.device,
    pack.journal,
    [...pack.awaited],
  ];
  return encodeCbor(row);
}

export function decodeStoredPack(bytes: Bytes): StoredPack {
  return local('a pack', bytes, (row: PackRow) => ({
    packId: parsePackId(row[0]),
    salt: row[1],
    kind: row[2],
    code: { name: row[3] as CodeName, m: row[4], k: row[5] } satisfies Code,
    shardBytes: row[6],
    bundles: row[7],
    deadSince: row[8] === 0 ? undefined : row[8],
    journaled: row[9],
    device: parseDeviceId(row[10]),
    journal: row[11],
    awaited: row[12],
  }));
}

/** As `decodeStoredPack`, without its bundles: for walks over the whole index. */
export function decodePackFacts(bytes: Bytes): RepairFacts & Pick<StoredPack, 'device'> {
  return local('a pack', bytes, (row: PackRow) => ({
    packId: parsePackId(row[0]),
    code: { name: row[3] as CodeName, m: row[4], k: row[5] } satisfies Code,
    shardBytes: row[6],
    device: parseDeviceId(row[10]),
    awaited: row[12],
  }));
}

type PlacementRow = [string, number, string, string, number, number, number, Bytes];

export function placementKey(placement: Pick<Placement, 'packId' | 'shard' | 'holder'>): string {
  return `${placement.packId}/${String(placement.shard).padStart(3, '0')}/${placement.holder}`;
}

export function encodePlacement(p: Placement): Bytes {
  const row: PlacementRow = [p.packId, p.shard, p.holder, p.agreement, p.row, p.bytes, p.segments, p.hash];
  return encodeCbor(row);
}

export function decodePlacement(bytes: Bytes): Placement {
  return local('a placement', bytes, (row: PlacementRow) => ({
    packId: parsePackId(row[0]),
    shard: row[1],
    holder: parseDeviceId(row[2]),
    agreement: parseAgreementId(row[3]),
    row: row[4],
    bytes: row[5],
    segments: row[6],
    hash: row[7],
  }));
}

type FileRow = [number, number | bigint, Bytes];

export function encodeFileRecord(file: FileRecord): Bytes {
  const row: FileRow = [file.size, file.mtimeNs, chunkListBytes(file.chunks)];
  return encodeCbor(row);
}

export function decodeFileRecord(bytes: Bytes): FileRecord {
  const read = (row: FileRow): FileRecord => ({
    size: row[0],
    mtimeNs: BigInt(row[1]),
    chunks: splitChunkList(row[2]),
  });
  return local('a file', bytes, read, CHUNK_LIST_MAX_BYTES + ROW_ROOM_BYTES);
}

/** A row at a holder. */
export interface RowName {
  readonly agreement: AgreementId;
  readonly row: number;
}

export function rowKey({ agreement, row }: RowName): string {
  return `${agreement}/${String(row).padStart(12, '0')}`;
}

type IntentRow = [string, number][];

/** Rows that a pack under way has been given. */
export interface Intent {
  readonly rows: readonly RowName[];
}

export function encodeIntent(intent: Intent): Bytes {
  const row: IntentRow = intent.rows.map(({ agreement, row }) => [agreement, row]);
  return encodeCbor(row);
}

export function decodeIntent(bytes: Bytes): Intent {
  return local('an intent', bytes, (rows: IntentRow) => ({
    rows: rows.map(([agreement, row]) => ({ agreement: parseAgreementId(agreement), row })),
  }));
}

export const OWN_HEAD_KEY = 'own';

/** Key of one of the agent's small plain values, beside the own head in its table. */
export function agentStateKey(key: string): string {
  return `agent/${key}`;
}

type OwnHeadRow = [number, Bytes, Bytes[], boolean, Bytes | null];

/** This device's own head: its number, hash, journal packs and whether holders have it. */
export interface OwnHead {
  readonly seq: number;
  readonly hash: Bytes;
  /** packs of the journal, oldest first, as encoded StoredPacks */
  readonly index: readonly StoredPack[];
  /** false while fewer holders than needed have acknowledged the newest head */
  readonly acknowledged: boolean;
  /** the sealed head; undefined before the first run */
  readonly sealed: Bytes | undefined;
}

export function encodeOwnHead(head: OwnHead): Bytes {
  const row: OwnHeadRow = [
    head.seq,
    head.hash,
    head.index.map(encodeStoredPack),
    head.acknowledged,
    head.sealed ?? null,
  ];
  return encodeCbor(row);
}

export function decodeOwnHead(bytes: Bytes): OwnHead {
  return local('the own head', bytes, (row: OwnHeadRow) => ({
    seq: row[0],
    hash: row[1],
    index: row[2].map(decodeStoredPack),
    acknowledged: row[3],
    sealed: row[4] ?? undefined,
  }));
}
