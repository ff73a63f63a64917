import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { Standing, StandingReason, StandingState } from '../../core/partnership/state.ts';
import { FRESH_STANDING } from '../../core/partnership/state.ts';
import { asBoolean, asBytes, asNumber, asText, readRecord } from '../store/records.ts';

/** What is remembered of another device between sessions. */
export interface PartnerRecord {
  /** milliseconds since 1970; 0 while never connected */
  readonly lastSeenAt: number;
  readonly deviceLabel: string;
  readonly platform: string;
  readonly storageClass: string;
  readonly neighbourhood: string;
  readonly standing: Standing;
  /** last audit it passed, milliseconds since 1970; 0 before the first */
  readonly lastProofAt: number;
  readonly passed: number;
  readonly failed: number;
  /** when it shall be audited next, milliseconds since 1970; 0 as soon as possible */
  readonly auditAt: number;
  /** audits passed in a row: the more, the seldomer the next */
  readonly streak: number;
  /** pieces that it said it lost, and when it said so last */
  readonly lostPieces: number;
  readonly lostAt: number;
  /** time that it was watched, and of that the time it was online, milliseconds */
  readonly watchedMs: number;
  readonly onlineMs: number;
  /** learned hours of the week (core/placement/schedule.ts); empty before the first */
  readonly hours: Bytes;
  /** a partner that has reneged has been told so */
  readonly told: boolean;
  /** when it was asked last which agreements it knows, milliseconds since 1970; 0 before the first time */
  readonly comparedAt: number;
  /** number of our newest head that it took; 0 before the first */
  readonly headSeq: number;
  /** what it had left for us under an agreement, in bytes, less what was set aside since; undefined while not known */
  readonly room: { readonly agreement: string; readonly left: number; readonly at: number } | undefined;
  /** bytes a second, the mean of what pieces took to be stored there, older ones weighing less; 0 before the first */
  readonly bandwidth: number;
}

export const UNKNOWN_PARTNER: PartnerRecord = {
  lastSeenAt: 0,
  deviceLabel: '',
  platform: '',
  storageClass: '',
  neighbourhood: '',
  standing: FRESH_STANDING,
  lastProofAt: 0,
  passed: 0,
  failed: 0,
  auditAt: 0,
  streak: 0,
  lostPieces: 0,
  lostAt: 0,
  watchedMs: 0,
  onlineMs: 0,
  hours: new Uint8Array(0),
  told: false,
  comparedAt: 0,
  headSeq: 0,
  room: undefined,
  bandwidth: 0,
};

const STATES: readonly StandingState[] = ['active', 'suspect', 'leaving', 'evicted', 'reneged'];
const REASONS: readonly StandingReason[] = [
  'none',
  'silent',
  'proof-failed',
  'proof-unanswered',
  'evicted',
  'leaving',
  'reneged-silent',
  'reneged-proof',
];

export function encodePartnerRecord(record: PartnerRecord): Bytes {
  const { standing } = record;
  return encodeCbor([
    record.lastSeenAt,
    record.deviceLabel,
    record.platform,
    record.storageClass,
    record.neighbourhood,
    [
      standing.state,
      standing.reason,
      standing.since,
      Math.round(standing.silentMs),
      Math.round(standing.graceUsedMs),
    ],
    record.lastProofAt,
    record.passed,
    record.failed,
    record.auditAt,
    record.streak,
    record.lostPieces,
    record.lostAt,
    Math.round(record.watchedMs),
    Math.round(record.onlineMs),
    record.hours,
    record.told,
    record.comparedAt,
    record.headSeq,
    record.room === undefined ? null : [record.room.agreement, record.room.left, record.room.at],
    Math.round(record.bandwidth),
  ]);
}

/** @throws RoostError 'corrupt' */
export function decodePartnerRecord(value: Bytes): PartnerRecord {
  return readRecord('a partner', value, (fields) => ({
    lastSeenAt: asNumber(fields[0]),
    deviceLabel: asText(fields[1]),
    platform: asText(fields[2]),
    storageClass: asText(fields[3]),
    neighbourhood: asText(fields[4]),
    standing: asStanding(fields[5]),
    lastProofAt: asNumber(fields[6]),
    passed: asNumber(fields[7]),
    failed: asNumber(fields[8]),
    auditAt: asNumber(fields[9]),
    streak: asNumber(fields[10]),
    lostPieces: asNumber(fields[11]),
    lostAt: asNumber(fields[12]),
    watchedMs: asNumber(fields[13]),
    onlineMs: asNumber(fields[14]),
    hours: asBytes(fields[15]),
    told: asBoolean(fields[16]),
    comparedAt: asNumber(fields[17]),
    headSeq: asNumber(fields[18]),
    room: asRoom(fields[19]),
    bandwidth: fields[20] === undefined ? 0 : asNumber(fields[20]),
  }));
}

function asStanding(value: unknown): Standing {
  if (!Array.isArray(value)) throw new RoostError('malformed', `expected an array, got ${typeof value}`);
  const [state, reason, since, silentMs, graceUsedMs] = value as unknown[];
  return {
    state: oneOf(STATES, state),
    reason: oneOf(REASONS, reason),
    since: asNumber(since),
    silentMs: asNumber(silentMs),
    graceUsedMs: asNumber(graceUsedMs),
  };
}

function asRoom(value: unknown): PartnerRecord['room'] {
  if (!Array.isArray(value)) return undefined;
  const [agreement, left, at] = value as unknown[];
  return { agreement: asText(agreement), left: asNumber(left), at: asNumber(at) };
}

function oneOf<T>(choices: readonly T[], value: unknown): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new RoostError('malformed', `expected one of ${choices.length} words`);
  return found;
}
