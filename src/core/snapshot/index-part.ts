import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { chunkIdFromBytes, idBytes, packIdFromBytes, snapshotIdFromBytes } from '../ids.ts';
import { BUNDLE_MAX_BYTES, PACK_MAX_CHUNKS, RECORD_MAX_BYTES } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { packRefFields, packRefValue } from './pack-ref.ts';
import { readSnapshot, snapshotValue } from './snapshot.ts';
import type { IndexPart, IndexedChunk, IndexedPack } from './types.ts';

/** FORMAT.md "Journal". */
const VERSION = 1;
/** Items of one list; the record's bytes bound it further. */
const LIST_MAX = 100_000;

/** @throws RoostError 'malformed' when a field is out of bounds or the part would not fit a bundle */
export function encodeIndexPart(part: IndexPart): Bytes {
  const bytes = encodeCbor({
    v: VERSION,
    packs: part.packs.map((pack) => ({
      ...packRefValue(pack),
      chunks: pack.chunks.map(({ id, bundle, offset, length }) => [idBytes(id), bundle, offset, length]),
    })),
    removedPacks: part.removedPacks.map((id) => idBytes(id)),
    snapshots: part.snapshots.map(snapshotValue),
    forgotten: part.forgotten.map((id) => idBytes(id)),
  });
  decodeIndexPart(bytes); // nothing is written that cannot be read
  return bytes;
}

/** @throws RoostError 'malformed' */
export function decodeIndexPart(bytes: Uint8Array): IndexPart {
  return readCbor(bytes, RECORD_MAX_BYTES, 'index part', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        packs: field('packs').list(LIST_MAX, readIndexedPack),
        removedPacks: field('removedPacks').list(LIST_MAX, (id) => id.id(packIdFromBytes)),
        snapshots: field('snapshots').list(LIST_MAX, readSnapshot),
        forgotten: field('forgotten').list(LIST_MAX, (id) => id.id(snapshotIdFromBytes)),
      };
    }),
  );
}

function readIndexedPack(item: Item): IndexedPack {
  return item.map((field) => {
    const pack = packRefFields(field);
    const chunks = field('chunks').list(PACK_MAX_CHUNKS, (chunk) =>
      readIndexedChunk(chunk, pack.bundles.length),
    );
    return { ...pack, chunks };
  });
}

function readIndexedChunk(item: Item, bundles: number): IndexedChunk {
  const at = item.tuple(4);
  const id = at(0).id(chunkIdFromBytes);
  const bundle = at(1).uint(bundles - 1);
  const offset = at(2).uint(BUNDLE_MAX_BYTES - 1);
  return { id, bundle, offset, length: at(3).uint(BUNDLE_MAX_BYTES - offset, 1) };
}
