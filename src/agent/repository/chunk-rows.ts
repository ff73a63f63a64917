import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { chunkIdFromBytes, idBytes } from '../../core/ids.ts';
import type { IndexedChunk } from '../../core/snapshot/types.ts';

/**
 * The chunks of one pack as one row: 44 bytes each, the id and where it begins: bundle, offset and length as big-endian 32-bit numbers. A
 * million chunks are some hundred rows.
 */
export const CHUNK_ROW_BYTES = 44;
const CHUNK_ID_BYTES = 32;

export function encodeChunks(chunks: readonly IndexedChunk[]): Bytes {
  const row = new Uint8Array(chunks.length * CHUNK_ROW_BYTES);
  const view = new DataView(row.buffer);
  chunks.forEach(({ id, bundle, offset, length }, i) => {
    const at = i * CHUNK_ROW_BYTES;
    row.set(idBytes(id), at);
    view.setUint32(at + 32, bundle);
    view.setUint32(at + 36, offset);
    view.setUint32(at + 40, length);
  });
  return row;
}

/** @param bundles only chunks of these, when given */
export function decodeChunks(row: Bytes, bundles?: readonly number[]): IndexedChunk[] {
  checkChunks(row);
  const view = new DataView(row.buffer, row.byteOffset, row.length);
  const chunks: IndexedChunk[] = [];
  for (let at = 0; at < row.length; at += CHUNK_ROW_BYTES) {
    const bundle = view.getUint32(at + 32);
    if (bundles?.includes(bundle) === false) continue;
    chunks.push({
      id: chunkIdFromBytes(row.subarray(at, at + CHUNK_ID_BYTES)),
      bundle,
      offset: view.getUint32(at + 36),
      length: view.getUint32(at + 40),
    });
  }
  return chunks;
}

/** @throws RoostError 'corrupt' when a row is not made of whole chunks: the database is damaged */
export function checkChunks(row: Bytes): void {
  if (row.length % CHUNK_ROW_BYTES !== 0)
    throw new RoostError(
      'corrupt',
      `chunks of a pack must take ${CHUNK_ROW_BYTES} bytes each, got ${row.length}`,
    );
}
