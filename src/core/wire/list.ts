import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import { ITEM_MAX_BYTES } from './limits.ts';

/** A list of small records as a payload: each item is a run of `u32 length ‖ record`, records whole within an item. */

const LENGTH_BYTES = 4;

/** Bytes that a record takes in a packed list. */
export const packedBytes = (record: Uint8Array): number => LENGTH_BYTES + record.length;

/**
 * Packs records into as few items as they fit, in order.
 * @throws RoostError 'usage' when one record is longer than an item
 */
export function packList(records: readonly Bytes[]): Bytes[] {
  const items: Bytes[] = [];
  let run: Bytes[] = [];
  let length = 0;
  const close = (): void => {
    if (run.length === 0) return;
    const item = new Uint8Array(length);
    const view = new DataView(item.buffer);
    let offset = 0;
    for (const record of run) {
      view.setUint32(offset, record.length);
      item.set(record, offset + LENGTH_BYTES);
      offset += packedBytes(record);
    }
    items.push(item);
    run = [];
    length = 0;
  };
  for (const record of records) {
    const needed = packedBytes(record);
    if (needed > ITEM_MAX_BYTES) {
      throw new RoostError(
        'usage',
        `record must be at most ${ITEM_MAX_BYTES - LENGTH_BYTES} bytes, got ${record.length}`,
      );
    }
    if (length + needed > ITEM_MAX_BYTES) close();
    run.push(record);
    length += needed;
  }
  close();
  return items;
}

/**
 * The records of packed items.
 * @param bounds most records in all and most bytes of one
 * @throws RoostError 'malformed'
 */
export function unpackList(
  items: readonly Bytes[],
  bounds: { readonly records: number; readonly bytes: number },
): Bytes[] {
  const records: Bytes[] = [];
  for (const item of items) {
    const view = new DataView(item.buffer, item.byteOffset, item.length);
    let offset = 0;
    while (offset < item.length) {
      if (item.length - offset < LENGTH_BYTES) {
        throw new RoostError(
          'malformed',
          `packed list ends within a length, ${item.length - offset} bytes left`,
        );
      }
      const length = view.getUint32(offset);
      offset += LENGTH_BYTES;
      if (length > bounds.bytes || length > item.length - offset) {
        throw new RoostError(
          'malformed',
          `packed record must be at most ${Math.min(bounds.bytes, item.length - offset)} bytes, got ${length}`,
        );
      }
      if (records.length === bounds.records) {
        throw new RoostError(
          'malformed',
          `packed list must have at most ${bounds.records} records, got more`,
        );
      }
      records.push(item.slice(offset, offset + length));
      offset += length;
    }
  }
  return records;
}
