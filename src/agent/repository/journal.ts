import type { Bytes } from '../../core/bytes.ts';
import type { PackId, SnapshotId } from '../../core/ids.ts';
import { CHUNK_MIN_BYTES, RECORD_MAX_BYTES } from '../../core/limits.ts';
import { decodeIndexPart, encodeIndexPart } from '../../core/snapshot/index-part.ts';
import type { IndexPart, IndexedChunk, IndexedPack, Snapshot } from '../../core/snapshot/types.ts';
import type { MetaOperation } from '../../ports/meta-store.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { StoredPack } from './records.ts';
import type { Repository } from './repository.ts';

/** Bytes that one chunk and one pack take in an encoded part, with room to spare. */
const CHUNK_ENTRY_BYTES = 56;
const PACK_ENTRY_BYTES = 160;
const BUNDLE_ENTRY_BYTES = 6;
const SNAPSHOT_ENTRY_BYTES = 512;
/** A part is closed at this estimate; one pack more still fits a bundle. */
const PART_TARGET_BYTES = RECORD_MAX_BYTES / 3;

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
    const chunks = await chunksOf(repository, pack);
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

/** Replays one part of a device's journal into the local tables. */
export async function replayPart(repository: Repository, device: DeviceId, bytes: Bytes): Promise<void> {
  const part = decodeIndexPart(bytes);
  const operations: MetaOperation[] = [];
  for (const pack of part.packs) {
    const { chunks, ...ref } = pack;
    const stored: StoredPack = {
      ...ref,
      device,
      chunks: chunks.map(({ id }) => id),
      deadSince: undefined,
      journaled: true,
      journal: false,
    };
    operations.push(repository.operations.pack(stored));
    for (const chunk of chunks) {
      const { id, ...place } = chunk;
      operations.push(repository.operations.chunk(id, { packId: pack.packId, ...place }));
    }
  }
  for (const snapshot of part.snapshots) operations.push(repository.operations.snapshot(snapshot));
  for (const id of part.forgotten) operations.push(repository.operations.dropSnapshot(id));
  await repository.apply(operations);
  for (const id of part.removedPacks) await dropPack(repository, id);
}

/** Takes a pack out of the local tables; chunks that another pack holds now keep their place. */
async function dropPack(repository: Repository, id: PackId): Promise<void> {
  const pack = await repository.pack(id);
  if (!pack) return;
  const places = await repository.chunkPlaces(pack.chunks);
  await repository.apply([
    repository.operations.dropPack(id),
    ...pack.chunks
      .filter((_, i) => places[i]?.packId === id)
      .map((chunk) => repository.operations.dropChunk(chunk)),
  ]);
}

async function chunksOf(repository: Repository, pack: StoredPack): Promise<IndexedChunk[]> {
  const places = await repository.chunkPlaces(pack.chunks);
  return pack.chunks.flatMap((id, i) => {
    const place = places[i];
    if (place?.packId !== pack.packId) return [];
    return [{ id, bundle: place.bundle, offset: place.offset, length: place.length }];
  });
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
