import type { PartnerRecord } from '../network/partner-record.ts';

const HOUR_MS = 3_600_000;

/** After the first pieces; each proof in a row doubles the time to the next, up to what the agreement says. */
const FIRST_INTERVAL_MS = 12 * HOUR_MS;
/** After a proof that failed or did not come: soon, but so that a flaky line has a chance in between. */
const SUSPECT_INTERVAL_MS = 12 * HOUR_MS;

/** Segments drawn of a partner that has proved itself: 64 KiB each, so an audit a week costs less than half a byte a second. */
const TRUSTED_SEGMENTS = 4;
/** Proofs in a row from which a partner is trusted. */
const TRUSTED_STREAK = 4;
const NEW_SEGMENTS = 12;
/** Finds one lost segment in ten 99 times in 100 (0.9^44 < 0.01): a suspect is cleared by nothing less. */
const SUSPECT_SEGMENTS = 44;
/** When somebody asks now: who keeps half is found 99 times in 100 (0.5^7 < 0.01), for less than half a megabyte a partner. */
export const CHECK_SEGMENTS = 7;

/** Segments to be drawn in the next audit of a partner. */
export function segmentsToDraw(record: PartnerRecord): number {
  if (record.standing.state === 'suspect' && record.standing.reason !== 'silent') return SUSPECT_SEGMENTS;
  return record.streak >= TRUSTED_STREAK ? TRUSTED_SEGMENTS : NEW_SEGMENTS;
}

/**
 * When the next audit is due after one that ended at `now`.
 * @param chance in [0, 1): spreads audits that fell together
 */
export function nextAuditAt(record: PartnerRecord, auditHours: number, now: number, chance: number): number {
  if (record.standing.state === 'suspect') return now + SUSPECT_INTERVAL_MS;
  const doubled = FIRST_INTERVAL_MS * 2 ** Math.min(record.streak, 30);
  const interval = Math.min(doubled, auditHours * HOUR_MS);
  return Math.round(now + interval * (0.75 + 0.25 * chance));
}

/** A wall clock that was set back must not put audits off. */
export function auditIsDue(record: PartnerRecord, auditHours: number, now: number): boolean {
  return record.auditAt <= now || record.auditAt > now + 2 * auditHours * HOUR_MS;
}
