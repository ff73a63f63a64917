import type { Bytes } from '../../core/bytes.ts';
import type { PackId, SnapshotId } from '../../core/ids.ts';
import { CHUNK_MIN_BYTES, RECORD_MAX_BYTES } from '../../core/limits.ts';
import { decodeIndexPart, encodeIndexPart } from '../../core/snapshot/index-part.ts';
import type { IndexPart, IndexedChunk, IndexedPack, Snapshot } from '../../core/snapshot/types.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { RepositoryOperation } from './operations.ts';
import type { StoredPack } from './records.ts';
import type { Repository } from './repository.ts';

/** Bytes that one chunk and one pack take in an encoded part, with room to spare. */
const CHUNK_ENTRY_BYTES = 56;
const PACK_ENTRY_BYTES = 160;
const BUNDLE_ENTRY_BYTES = 6;
const SNAPSHOT_ENTRY_BYTES = 512;
/** A part is closed at this estimate: it is encoded, and read again, in one go. One pack more still fits a bundle. */
const PART_TARGET_BYTES = RECORD_MAX_BYTES / 12;

export interface JournalChange {
  readonly packs: readonly StoredPack[];
  readonly removedPacks: readonly PackId[];
  readonly snapshots: readonly Snapshot[];
  readonly forgotten: readonly SnapshotId[];
}

/** Encodes a change as parts that each fit a bundle, in the order they must be replayed. */
export async function* encodeJournal(repository: Repository, change: JournalChange): AsyncGenerator<Bytes> {
  let packs: IndexedPack[] = [];
  let size = 0;
  const part = (more: Partial<IndexPart>): Bytes =>
    encodeIndexPart({ packs, removedPacks: [], snapshots: [], forgotten: [], ...more });
  for (const pack of change.packs) {
    const chunks = await repository.chunksOf(pack.packId);
    packs.push({ ...packRef(pack), chunks });
    size += PACK_ENTRY_BYTES + chunks.length * CHUNK_ENTRY_BYTES + pack.bundles.length * BUNDLE_ENTRY_BYTES;
    if (size >= PART_TARGET_BYTES) {
      yield part({});
      packs = [];
      size = 0;
    }
  }
  const { snapshots } = change;
  // Removals and snapshots come last: a snapshot names chunks that the packs before it hold.
  const REMOVED_A_PART = 8_000;
  for (let i = 0; i < change.removedPacks.length; i += REMOVED_A_PART) {
    yield part({ removedPacks: change.removedPacks.slice(i, i + REMOVED_A_PART) });
    packs = [];
    size = 0;
  }
  let held: Snapshot[] = [];
  for (const snapshot of snapshots) {
    const bytes = snapshotBytes(snapshot);
    if (size + bytes > PART_TARGET_BYTES && (held.length > 0 || packs.length > 0)) {
      yield part({ snapshots: held });
      packs = [];
      held = [];
      size = 0;
    }
    held.push(snapshot);
    size += bytes;
  }
  yield part({ snapshots: held, forgotten: change.forgotten });
}

/**
 * Replays a device's whole journal, part by part in order, into the local tables. Packs and snapshots of that device that its
 * journal does not name any more are taken out: it freed them.
 */
export async function replayJournal(
  repository: Repository,
  owner: DeviceId,
  parts: readonly Bytes[],
): Promise<void> {
  const packs = new Set<PackId>();
  const snapshots = new Set<SnapshotId>();
  for (const bytes of parts) {
    const part = decodeIndexPart(bytes);
    await replayPart(repository, owner, part);
    for (const { packId } of part.packs) packs.add(packId);
    for (const id of part.removedPacks) packs.delete(id);
    for (const { id } of part.snapshots) snapshots.add(id);
    for (const id of part.forgotten) snapshots.delete(id);
  }
  const gone: PackId[] = [];
  for await (const { packId, device, journal } of repository.packs())
    if (device === owner && !journal && !packs.has(packId)) gone.push(packId);
  for (const id of gone) await dropPack(repository, id);
  await repository.apply(
    (await repository.snapshots())
      .filter(({ id, device }) => device === owner && !snapshots.has(id))
      .map(({ id }) => repository.operations.dropSnapshot(id)),
  );
}

async function replayPart(repository: Repository, device: DeviceId, part: IndexPart): Promise<void> {
  const operations: RepositoryOperation[] = [];
  for (const pack of part.packs) {
    const { chunks, ...ref } = pack;
    // A journal speaks for its own device's packs alone.
    const known = await repository.pack(pack.packId);
    if (known && known.device !== device) continue;
    const stored: StoredPack = {
      ...ref,
      device,
      deadSince: undefined,
      journaled: true,
      awaited: [],
      journal: false,
    };
    operations.push(repository.operations.pack(stored));
    const placed = await placeable(repository, device, pack.packId, chunks);
    operations.push(repository.operations.chunks(pack.packId, placed));
  }
  // Nor does it speak of other devices' snapshots.
  const theirs = new Set((await repository.snapshots()).flatMap((s) => (s.device === device ? [] : [s.id])));
  for (const snapshot of part.snapshots) {
    if (snapshot.device === device && !theirs.has(snapshot.id))
      operations.push(repository.operations.snapshot(snapshot));
  }
  for (const id of part.forgotten)
    if (!theirs.has(id)) operations.push(repository.operations.dropSnapshot(id));
  await repository.apply(operations);
  for (const id of part.removedPacks) {
    if ((await repository.pack(id))?.device === device) await dropPack(repository, id);
  }
}

/**
 * Chunks whose place a journal may set. One that lies in another device's pack, too, keeps that place: each device frees what
 * it relies on by its own packs, so none may come to rely on the other's copy while the other relies on its.
 */
async function placeable(
  repository: Repository,
  device: DeviceId,
  packId: PackId,
  chunks: readonly IndexedChunk[],
): Promise<readonly IndexedChunk[]> {
  const places = await repository.chunkPlaces(chunks.map(({ id }) => id));
  const owners = new Map<PackId, DeviceId | undefined>([[packId, device]]);
  for (const place of places) {
    if (place && !owners.has(place.packId))
      owners.set(place.packId, (await repository.pack(place.packId))?.device);
  }
  return chunks.filter((_, i) => {
    const place = places[i];
    const owner = place && owners.get(place.packId);
    return owner === undefined || owner === device;
  });
}

/** Takes a pack out of the local tables; chunks that another pack holds now keep their place. */
async function dropPack(repository: Repository, id: PackId): Promise<void> {
  const pack = await repository.pack(id);
  if (!pack) return;
  await repository.apply([
    ...repository.operations.dropPack(id),
    ...(await repository.rows.placements(id)).flatMap((placement) =>
      repository.operations.dropPlacement(placement),
    ),
  ]);
}

function packRef(pack: StoredPack): Omit<IndexedPack, 'chunks'> {
  const { packId, salt, kind, code, shardBytes, bundles } = pack;
  return { packId, salt, kind, code, shardBytes, bundles };
}

function snapshotBytes(snapshot: Snapshot): number {
  const unreadable = snapshot.unreadable.reduce(
    (sum, { path, reason }) => sum + (path.length + reason.length) * 3,
    0,
  );
  return Math.min(SNAPSHOT_ENTRY_BYTES + unreadable, CHUNK_MIN_BYTES * 8);
}
