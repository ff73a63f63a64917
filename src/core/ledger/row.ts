import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';
import { toBytes, uint32Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { RoostError } from '../errors.ts';
import { idBytes, packIdFromBytes } from '../ids.ts';
import { CODE_MAX_SHARDS, SEALED_SEGMENT_BYTES, SHARD_MAX_SEGMENTS, TAG_BYTES } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import type { LedgerRow } from '../snapshot/types.ts';

/** PROTOCOL.md "Ledger": a row is the CBOR array [row, pack, shard, bytes, segments, hash]. */

/** Row numbers; an owner that stores a shard a millisecond would take 8,900 years. */
export const ROW_MAX = 2 ** 48 - 1;
/** 6 fields at their longest, with a margin. */
export const ROW_MAX_BYTES = 128;

/** A row as encodable value, for messages that carry one. */
export function rowValue(row: LedgerRow): unknown {
  return [row.row, idBytes(row.packId), row.shard, row.bytes, row.segments, row.hash];
}

/** Encodes a row. @throws RoostError 'malformed' when its numbers do not fit one another */
export function encodeLedgerRow(row: LedgerRow): Bytes {
  checkSizes(row);
  return encodeCbor(rowValue(row));
}

/** Decodes a row. @throws RoostError 'malformed' */
export function decodeLedgerRow(bytes: Bytes): LedgerRow {
  return readCbor(bytes, ROW_MAX_BYTES, 'ledger row', readLedgerRow);
}

/** Reads a row out of a decoded message. @throws RoostError 'malformed' */
export function readLedgerRow(item: Item): LedgerRow {
  const at = item.tuple(6);
  const row: LedgerRow = {
    row: at(0).uint(ROW_MAX),
    packId: at(1).id(packIdFromBytes),
    shard: at(2).uint(CODE_MAX_SHARDS - 1),
    bytes: at(3).uint(),
    segments: at(4).uint(SHARD_MAX_SEGMENTS, 1),
    hash: at(5).bytes(32),
  };
  checkSizes(row);
  return row;
}

/** Length of one sealed segment of a row: all but the last are full. */
export function segmentBytes(row: LedgerRow, segment: number): number {
  return segment < row.segments - 1
    ? SEALED_SEGMENT_BYTES
    : row.bytes - (row.segments - 1) * SEALED_SEGMENT_BYTES;
}

function checkSizes(row: LedgerRow): void {
  if (row.segments < 1 || row.segments > SHARD_MAX_SEGMENTS) {
    throw new RoostError(
      'malformed',
      `ledger row must have 1 to ${SHARD_MAX_SEGMENTS} segments, got ${row.segments}`,
    );
  }
  const last = segmentBytes(row, row.segments - 1);
  if (!(last > TAG_BYTES && last <= SEALED_SEGMENT_BYTES)) {
    throw new RoostError(
      'malformed',
      `ledger row of ${row.segments} segments must leave ${TAG_BYTES + 1} to ${SEALED_SEGMENT_BYTES} bytes for the last, got ${last}`,
    );
  }
}

/** What two ledgers are compared by. */
export interface LedgerDigest {
  readonly rows: number;
  /** sealed bytes of all rows */
  readonly bytes: number;
  /** SHA-256 over `u32 length ‖ row` of all rows */
  readonly digest: Bytes;
}

/**
 * The digest of a ledger.
 * @param rows in ascending order of their numbers
 * @throws RoostError 'usage' when the order is broken
 */
export function ledgerDigest(rows: Iterable<LedgerRow>): LedgerDigest {
  const hash = sha256.create();
  let count = 0;
  let bytes = 0;
  let before = -1;
  for (const row of rows) {
    if (row.row <= before) {
      throw new RoostError('usage', `ledger rows must ascend, got ${row.row} after ${before}`);
    }
    const encoded = encodeLedgerRow(row);
    hash.update(uint32Bytes(encoded.length));
    hash.update(encoded);
    before = row.row;
    bytes += row.bytes;
    count++;
  }
  return { rows: count, bytes, digest: toBytes(hash.digest()) };
}
