import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId } from '../../core/ids.ts';
import { idBytes, packIdFromBytes, parseAgreementId } from '../../core/ids.ts';
import { ROW_MAX } from '../../core/ledger/row.ts';
import { SEALED_SEGMENT_BYTES, SHARD_MAX_SEGMENTS, TAG_BYTES } from '../../core/limits.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import { asBoolean, asBytes, asNumber, asText, padNumber, readRecord } from '../store/records.ts';

/** A shard that we keep for an owner: the row of the ledger and where its bytes lie. */
export interface HeldRow extends LedgerRow {
  readonly agreement: AgreementId;
  readonly volume: string;
  readonly offset: number;
  /** its bytes are gone or damaged: told to the owner, never served */
  readonly lost: boolean;
}

/** Digits of ROW_MAX. */
const ROW_DIGITS = 15;
const SHA256_BYTES = 32;

/** Key of a row in TABLES.heldRows: rows of one agreement sort by number. */
export function heldRowKey(agreement: AgreementId, row: number): string {
  return `${agreement}/${padNumber(row, ROW_DIGITS)}`;
}

/** Key of a row in TABLES.heldVolumes. */
export function volumeRowKey(held: HeldRow): string {
  return `${held.volume}/${heldRowKey(held.agreement, held.row)}`;
}

export function encodeHeldRow(held: HeldRow): Bytes {
  return encodeCbor([
    held.agreement,
    held.row,
    idBytes(held.packId),
    held.shard,
    held.bytes,
    held.segments,
    held.hash,
    held.volume,
    held.offset,
    held.lost,
  ]);
}

/** @throws RoostError 'corrupt' */
export function decodeHeldRow(bytes: Bytes): HeldRow {
  return readRecord('a held shard', bytes, (fields) => ({
    agreement: parseAgreementId(asText(fields[0])),
    row: asNumber(fields[1]),
    packId: packIdFromBytes(asBytes(fields[2])),
    shard: asNumber(fields[3]),
    bytes: asNumber(fields[4]),
    segments: asNumber(fields[5]),
    hash: asBytes(fields[6]),
    volume: asText(fields[7]),
    offset: asNumber(fields[8]),
    lost: asBoolean(fields[9]),
  }));
}

/** The part of a held row that owner and holder share. */
export function ledgerRowOf(held: HeldRow): LedgerRow {
  const { row, packId, shard, bytes, segments, hash } = held;
  return { row, packId, shard, bytes, segments, hash };
}

/** Whether both are the same bytes at the same place. */
export function samePlace(a: HeldRow, b: HeldRow): boolean {
  return a.volume === b.volume && a.offset === b.offset;
}

/**
 * Bounds of a row that an owner asks us to keep, before anything is allocated.
 * @throws RoostError 'malformed'
 */
export function checkRow(row: LedgerRow): void {
  if (!Number.isSafeInteger(row.row) || row.row < 0 || row.row > ROW_MAX) {
    throw new RoostError('malformed', `row number must be 0 to ${ROW_MAX}, got ${row.row}`);
  }
  const { bytes, segments } = row;
  if (!Number.isSafeInteger(segments) || segments < 1 || segments > SHARD_MAX_SEGMENTS) {
    throw new RoostError('malformed', `a shard has 1 to ${SHARD_MAX_SEGMENTS} segments, got ${segments}`);
  }
  const least = (segments - 1) * SEALED_SEGMENT_BYTES + TAG_BYTES;
  if (!Number.isSafeInteger(bytes) || bytes <= least || bytes > segments * SEALED_SEGMENT_BYTES) {
    throw new RoostError('malformed', `a shard of ${segments} segments cannot have ${bytes} bytes`);
  }
  if (row.hash.length !== SHA256_BYTES) {
    throw new RoostError('malformed', `"hash" must be ${SHA256_BYTES} bytes, got ${row.hash.length}`);
  }
}
