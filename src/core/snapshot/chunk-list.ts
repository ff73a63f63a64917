import type { Bytes } from '../bytes.ts';
import type { ChunkId } from '../ids.ts';
import { chunkIdFromBytes, idBytes } from '../ids.ts';
import { CHUNK_MIN_BYTES } from '../limits.ts';
import type { Item } from '../schema.ts';

const CHUNK_ID_BYTES = 32;
/** Chunks of one file or tree; a file of 64 GiB in chunks of the least size. */
const CHUNK_LIST_MAX = (64 * 2 ** 30) / CHUNK_MIN_BYTES;
export const CHUNK_LIST_MAX_BYTES = CHUNK_LIST_MAX * CHUNK_ID_BYTES;

/** Chunk ids one after another, which is smaller and faster than a list of byte strings. */
export function chunkListBytes(chunks: readonly ChunkId[]): Bytes {
  const bytes = new Uint8Array(chunks.length * CHUNK_ID_BYTES);
  chunks.forEach((id, i) => {
    bytes.set(idBytes(id), i * CHUNK_ID_BYTES);
  });
  return bytes;
}

/** The ids of `chunkListBytes`; what is left over of the bytes is not looked at. */
export function splitChunkList(bytes: Uint8Array): ChunkId[] {
  return Array.from({ length: Math.floor(bytes.length / CHUNK_ID_BYTES) }, (_, i) =>
    chunkIdFromBytes(bytes.subarray(i * CHUNK_ID_BYTES, (i + 1) * CHUNK_ID_BYTES)),
  );
}

/** @throws RoostError 'malformed' */
export function readChunkList(item: Item): ChunkId[] {
  const bytes = item.bytes({ max: CHUNK_LIST_MAX_BYTES });
  if (bytes.length % CHUNK_ID_BYTES !== 0) throw item.not(`a multiple of ${CHUNK_ID_BYTES} bytes`);
  return splitChunkList(bytes);
}
