import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';
import { concatBytes, toBytes, uint32Bytes } from '../bytes.ts';
import { label } from '../crypto/labels.ts';
import { RoostError } from '../errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../ids.ts';
import { idBytes } from '../ids.ts';
import type { LedgerRow } from '../snapshot/types.ts';
import { AUDIT_CHANCE_BYTES, AUDIT_MAX_SEGMENTS } from '../wire/limits.ts';

/** PROTOCOL.md "Audit": which segments a holder must show. Both sides compute it alike, neither can choose. */

const SHA256_BYTES = 32;
/** One number of a draw: 48 bits, five to a block of HMAC. */
const NUMBER_BYTES = 6;
const NUMBERS_PER_BLOCK = Math.floor(SHA256_BYTES / NUMBER_BYTES);
const NUMBERS = 2 ** 48;

/** What an audit is about. Bound into commitment and draw, so that neither can be used for another. */
export interface AuditTerms {
  readonly cooperative: CooperativeId;
  /** the auditing device, which may be another of the owner's account than the agreement names */
  readonly owner: { readonly device: DeviceId; readonly account: AccountId };
  readonly holder: DeviceId;
  readonly agreement: AgreementId;
  /** SHA-256 of the ledger (core/ledger/row.ts) */
  readonly digest: Bytes;
  /** segments to be drawn, 1 to AUDIT_MAX_SEGMENTS */
  readonly count: number;
}

/** A row as far as the draw needs it. */
export type DrawnRow = Pick<LedgerRow, 'row' | 'segments'>;

/** The terms as bytes: all parts but the label are of fixed length. @throws RoostError 'usage' */
export function auditTranscript(terms: AuditTerms): Bytes {
  const { cooperative, owner, holder, agreement, digest, count } = terms;
  if (!Number.isInteger(count) || count < 1 || count > AUDIT_MAX_SEGMENTS) {
    throw new RoostError('usage', `an audit must draw 1 to ${AUDIT_MAX_SEGMENTS} segments, got ${count}`);
  }
  if (digest.length !== SHA256_BYTES) {
    throw new RoostError('usage', `"digest" must be ${SHA256_BYTES} bytes, got ${digest.length}`);
  }
  return concatBytes(
    label('audit'),
    new Uint8Array(1),
    idBytes(cooperative),
    idBytes(owner.device),
    idBytes(owner.account),
    idBytes(holder),
    idBytes(agreement),
    digest,
    uint32Bytes(count),
  );
}

/** What the owner sends before it knows the holder's chance: SHA-256 of its own and the terms. @throws RoostError 'usage' */
export function auditCommit(terms: AuditTerms, ownerChance: Bytes): Bytes {
  checkChance(ownerChance);
  return toBytes(sha256(concatBytes(ownerChance, auditTranscript(terms))));
}

/** Segments of all rows: the C of the draw. */
export function countSegments(rows: Iterable<DrawnRow>): number {
  let segments = 0;
  for (const row of rows) segments += row.segments;
  return segments;
}

/**
 * The segments that the holder must show, in the order of the draw, without repetition: `count` of them, or all when the
 * ledger has fewer. Drawn without repetition, a holder that lacks `l` of `C` segments passes with probability
 * C(C-l, c) / C(C, c), which is never more than the `(1 - l/C)^c` of independent draws, and none is sent twice for nothing.
 * @param rows the ledger, ascending
 * @throws RoostError 'usage' when the rows do not ascend or a length is wrong
 */
export function drawSegments<Row extends DrawnRow>(
  terms: AuditTerms,
  chances: { readonly owner: Bytes; readonly holder: Bytes },
  rows: readonly Row[],
): readonly { readonly row: Row; readonly segment: number }[] {
  const places = drawPlaces(terms, chances, countSegments(rows));
  // One walk over the ledger finds them all: places ascending, each back to where it was drawn.
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const drawn: { row: Row; segment: number }[] = [];
  let start = 0;
  let next = 0;
  let before = -1;
  for (const row of rows) {
    if (row.row <= before) {
      throw new RoostError('usage', `ledger rows must ascend, got ${row.row} after ${before}`);
    }
    before = row.row;
    for (; next < order.length; next++) {
      const { place, index } = order[next]!;
      if (place >= start + row.segments) break;
      drawn[index] = { row, segment: place - start };
    }
    start += row.segments;
  }
  return drawn;
}

/** Places among all segments of the ledger, 0 to `segments - 1`, as they are drawn. */
function drawPlaces(
  terms: AuditTerms,
  { owner, holder }: { readonly owner: Bytes; readonly holder: Bytes },
  segments: number,
): readonly number[] {
  checkChance(owner);
  checkChance(holder);
  const transcript = auditTranscript(terms);
  if (segments > NUMBERS)
    throw new RoostError('usage', `a ledger must have at most 2^48 segments, got ${segments}`);
  const wanted = Math.min(terms.count, segments);
  const places = new Set<number>();
  if (wanted === 0) return [];
  const both = owner.map((byte, index) => byte ^ (holder[index] ?? 0));
  const key = hmac(sha256, both, transcript);
  // Numbers from here on would make the first places likelier than the last.
  const fair = NUMBERS - (NUMBERS % segments);
  for (let counter = 0; places.size < wanted; counter++) {
    const block = hmac(sha256, key, uint32Bytes(counter));
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    for (let i = 0; i < NUMBERS_PER_BLOCK && places.size < wanted; i++) {
      const at = i * NUMBER_BYTES;
      const number = view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
      if (number < fair) places.add(number % segments);
    }
  }
  return [...places];
}

function checkChance(chance: Bytes): void {
  if (chance.length !== AUDIT_CHANCE_BYTES) {
    throw new RoostError(
      'usage',
      `chance of an audit must be ${AUDIT_CHANCE_BYTES} bytes, got ${chance.length}`,
    );
  }
}
