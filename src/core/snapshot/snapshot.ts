import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { deviceIdFromBytes, idBytes, snapshotIdFromBytes } from '../ids.ts';
import { KIB, NAME_MAX_BYTES, RECORD_MAX_BYTES, TIME_MAX_MS, UNREADABLE_MAX } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { utf8Length } from '../utf8.ts';
import { chunkListBytes, readChunkList } from './chunk-list.ts';
import type { Snapshot } from './types.ts';

/** FORMAT.md "Snapshot". */

/** Paths and reasons kept of what could not be read, in all; with it a snapshot stays well below a bundle. */
const UNREADABLE_MAX_BYTES = 128 * KIB;
const PATH_MAX_BYTES = 32 * KIB;
const REASON_MAX_BYTES = 1 * KIB;

/**
 * Encodes a snapshot. Of what was unreadable it keeps as much as fits; `unreadableCount` still tells all.
 * @throws RoostError 'malformed' when a field is out of bounds
 */
export function encodeSnapshot(snapshot: Snapshot): Bytes {
  const bytes = encodeCbor(snapshotValue(snapshot));
  decodeSnapshot(bytes); // nothing is written that cannot be read
  return bytes;
}

/** @throws RoostError 'malformed' */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  return readCbor(bytes, RECORD_MAX_BYTES, 'snapshot', readSnapshot);
}

/** A snapshot as encodable value, for records that carry one. */
export function snapshotValue(snapshot: Snapshot): Record<string, unknown> {
  return {
    id: idBytes(snapshot.id),
    device: idBytes(snapshot.device),
    deviceLabel: snapshot.deviceLabel,
    parent: snapshot.parent && idBytes(snapshot.parent),
    startedAt: snapshot.startedAt,
    endedAt: snapshot.endedAt,
    root: chunkListBytes(snapshot.root),
    files: snapshot.files,
    folders: snapshot.folders,
    bytes: snapshot.bytes,
    unreadable: fitting(snapshot.unreadable).map(({ path, reason }) => [path, reason]),
    unreadableCount: snapshot.unreadableCount,
  };
}

/** Reads a snapshot out of a decoded record. @throws RoostError 'malformed' */
export function readSnapshot(item: Item): Snapshot {
  return item.map((field) => ({
    id: field('id').id(snapshotIdFromBytes),
    device: field('device').id(deviceIdFromBytes),
    deviceLabel: field('deviceLabel').text(NAME_MAX_BYTES),
    parent: field.optional('parent')?.id(snapshotIdFromBytes),
    startedAt: field('startedAt').uint(TIME_MAX_MS),
    endedAt: field('endedAt').uint(TIME_MAX_MS),
    root: readChunkList(field('root')),
    files: field('files').uint(),
    folders: field('folders').uint(),
    bytes: field('bytes').uint(),
    unreadable: field('unreadable').list(UNREADABLE_MAX, (entry) => {
      const at = entry.tuple(2);
      return { path: at(0).text(PATH_MAX_BYTES), reason: at(1).text(REASON_MAX_BYTES) };
    }),
    unreadableCount: field('unreadableCount').uint(),
  }));
}

function fitting(unreadable: Snapshot['unreadable']): Snapshot['unreadable'] {
  const kept: { path: string; reason: string }[] = [];
  let left = UNREADABLE_MAX_BYTES;
  for (const { path, reason } of unreadable) {
    const fits = utf8Length(path) <= PATH_MAX_BYTES && utf8Length(reason) <= REASON_MAX_BYTES;
    left -= utf8Length(path) + utf8Length(reason);
    if (kept.length === UNREADABLE_MAX || left < 0) break;
    // A path with a lone surrogate is no file name that a tree could hold; people see it with a replacement character.
    if (fits) kept.push({ path: path.toWellFormed(), reason: reason.toWellFormed() });
  }
  return kept;
}
