import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import { asBytes, asNumber, asText, readRecord } from '../store/records.ts';

/** A segment that an audit drew, as number of its row and in the row. */
export interface DrawnSegment {
  readonly row: number;
  readonly segment: number;
}

/** What was drawn and shown; kept so that it can be shown again. */
export interface ShownProof {
  /** of the ledger when it was drawn */
  readonly rows: number;
  readonly segments: number;
  readonly picks: readonly DrawnSegment[];
  /** picks of which we said that they are lost */
  readonly lost: number;
}

/** What the audits of one day have cost. */
export interface DayBudget {
  /** when the day began, milliseconds since 1970 */
  readonly dayAt: number;
  /** audits begun */
  readonly audits: number;
  readonly drawn: number;
}

/** The last audit of one agreement that was begun, and what the day has cost. */
export interface DeskRecord extends DayBudget {
  /** the device that audits */
  readonly by: DeviceId;
  readonly commit: Bytes;
  /** ours */
  readonly chance: Bytes;
  readonly digest: Bytes;
  readonly count: number;
  /** milliseconds since 1970 */
  readonly openedAt: number;
  /** 'void': the ledger had changed when the owner's chance came */
  readonly outcome: ShownProof | 'open' | 'void';
}

export function encodeDeskRecord(record: DeskRecord): Bytes {
  const { outcome } = record;
  return encodeCbor([
    record.by,
    record.commit,
    record.chance,
    record.digest,
    record.count,
    record.openedAt,
    typeof outcome === 'string'
      ? outcome
      : [
          outcome.rows,
          outcome.segments,
          outcome.picks.map(({ row, segment }) => [row, segment]),
          outcome.lost,
        ],
    record.dayAt,
    record.audits,
    record.drawn,
  ]);
}

/** @throws RoostError 'corrupt' */
export function decodeDeskRecord(bytes: Bytes): DeskRecord {
  return readRecord('an audit', bytes, (fields) => ({
    by: parseDeviceId(asText(fields[0])),
    commit: asBytes(fields[1]),
    chance: asBytes(fields[2]),
    digest: asBytes(fields[3]),
    count: asNumber(fields[4]),
    openedAt: asNumber(fields[5]),
    outcome: asOutcome(fields[6]),
    dayAt: asNumber(fields[7]),
    audits: asNumber(fields[8]),
    drawn: asNumber(fields[9]),
  }));
}

function asOutcome(value: unknown): DeskRecord['outcome'] {
  if (value === 'open' || value === 'void') return value;
  const fields = asList(value);
  return {
    rows: asNumber(fields[0]),
    segments: asNumber(fields[1]),
    picks: asList(fields[2]).map((pick) => {
      const [row, segment] = asList(pick);
      return { row: asNumber(row), segment: asNumber(segment) };
    }),
    lost: asNumber(fields[3]),
  };
}

function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new RoostError('malformed', `expected an array, got ${typeof value}`);
  return value;
}
