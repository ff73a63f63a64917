import { equalBytes } from '../../core/bytes.ts';
import type { DeviceId } from '../../core/ids.ts';
import { ledgerDigest } from '../../core/ledger/row.ts';
import { PartnerError, faultOf, messageOf } from '../../core/errors.ts';
import type { AbortControllerLike } from '../../ports/clock.ts';
import { CHECK_SEGMENTS, auditIsDue, nextAuditAt, segmentsToDraw } from '../audit/audit-pace.ts';
import type { AuditOutcome } from '../audit/auditor.ts';
import { askAgain, auditLedger, isOpen } from '../audit/auditor.ts';
import type { PendingReveals } from '../audit/pending-reveals.ts';
import type { AgentContext } from '../context.ts';
import { compareLedger } from '../ledgers/reconcile.ts';
import { releaseAt } from '../ledgers/releases.ts';
import { Limiter } from '../../core/limiter.ts';
import type { BookEntry } from '../network/agreement-book.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { PartnerRecord } from '../network/partner-record.ts';
import type { LedgerName } from '../network/types.ts';
import type { Placement } from '../repository/records.ts';
import type { Remote } from '../session/types.ts';
import type { Tell } from './tell.ts';

/** A partner that has just connected has other things to say first. */
const AFTER_GREETING_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Refusals in a row, over at least so long, that count as an answer that did not come. */
const REFUSALS_MAX = 3;
const REFUSAL_GAP_MS = 6 * HOUR_MS;
/** A suspect that refused is not asked again each time it connects. */
const SUSPECT_REST_MS = HOUR_MS;
const ANSWERS: readonly AuditOutcome['kind'][] = ['passed', 'lost', 'failed', 'unanswered'];

export interface AuditingParts {
  readonly context: AgentContext;
  readonly cooperation: OpenCooperation;
  readonly pending: PendingReveals;
  /** sealed bytes of ours that a holder keeps */
  readonly heldBy: (device: DeviceId) => number;
  /** other devices of the account in whose place this one audits now */
  readonly standsInFor: () => ReadonlySet<DeviceId>;
  readonly nameOf: (device: DeviceId) => string;
  readonly tell: Tell;
  /** pieces are gone: repair is wanted at once */
  readonly onLost: () => void;
}

/** What came of auditing one holder. */
export interface HolderProof {
  readonly outcome: 'proved' | 'failed' | 'lost' | 'unreachable' | 'nothing';
  readonly segments: number;
}

/** Has holders proved, one at a time each, and puts what comes of it on record. */
export class Auditing {
  readonly #parts: AuditingParts;
  readonly #controller: AbortControllerLike;
  /** audits of one holder run one after another; of several side by side, two at once */
  readonly #atOnce = new Limiter(2);
  readonly #running = new Map<DeviceId, Promise<HolderProof>>();
  readonly #timers = new Map<DeviceId, () => void>();
  /** those that refused in this run, by monotonic time */
  readonly #restingUntil = new Map<DeviceId, number>();

  constructor(parts: AuditingParts) {
    this.#parts = parts;
    this.#controller = parts.context.platform.clock.abortController();
  }

  /** Whether a partner keeps something that it could prove. */
  owes(device: DeviceId): boolean {
    return this.#parts.heldBy(device) > 0;
  }

  stop(): void {
    this.#controller.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** A partner is connected: what is due is asked soon. */
  greeted(device: DeviceId): void {
    const { clock, random } = this.#parts.context.platform;
    if (!this.#isDue(device) || this.#timers.has(device)) return;
    const cancel = clock.after(Math.round(AFTER_GREETING_MS * (0.5 + random.fraction())), () => {
      this.#timers.delete(device);
      if (this.#isDue(device)) void this.#audit(device, undefined);
    });
    this.#timers.set(device, cancel);
  }

  /** Audits every connected partner whose time has come. */
  async auditDue(): Promise<void> {
    const due = this.#parts.cooperation.connected().filter(({ peer }) => this.#isDue(peer.device));
    await Promise.all(due.map(({ peer }) => this.#audit(peer.device, undefined)));
  }

  /** Audits one holder now, because somebody asks. */
  check(device: DeviceId): Promise<HolderProof> {
    if (!this.owes(device)) return Promise.resolve({ outcome: 'nothing', segments: 0 });
    return this.#audit(device, CHECK_SEGMENTS);
  }

  #isDue(device: DeviceId): boolean {
    const { cooperation, context } = this.#parts;
    const ruling = this.#rulingWith(device);
    if (ruling === undefined || ruling.endedAt > 0 || !this.owes(device)) return false;
    const record = cooperation.records.get(device);
    const { state, reason } = record.standing;
    if (state === 'reneged' || state === 'evicted') return false;
    const { clock } = context.platform;
    // Who was silent proves itself at once when it is back.
    if (state === 'suspect' && reason === 'silent')
      return clock.monotonic() >= (this.#restingUntil.get(device) ?? -Infinity);
    return auditIsDue(record, ruling.agreement.auditHours, clock.now());
  }

  /** The agreement that says how often; of a delegate perhaps its owner's. */
  #rulingWith(device: DeviceId): BookEntry | undefined {
    const { agreements } = this.#parts.cooperation;
    return agreements.with(device)[0] ?? agreements.adopted().find(({ theirs }) => theirs.device === device);
  }

  /** Never rejects. */
  #audit(device: DeviceId, count: number | undefined): Promise<HolderProof> {
    const running = this.#running.get(device);
    if (running !== undefined) return running;
    const audit = this.#atOnce
      .run(() => this.#auditNow(device, count))
      .catch((error: unknown): HolderProof => {
        const { log } = this.#parts.context.platform;
        const fault = faultOf(error);
        if (fault !== 'aborted') log.info('audit.not-done', { device, fault, message: messageOf(error) });
        return { outcome: 'unreachable', segments: 0 };
      })
      .finally(() => this.#running.delete(device));
    this.#running.set(device, audit);
    return audit;
  }

  async #auditNow(device: DeviceId, asked: number | undefined): Promise<HolderProof> {
    const { context, cooperation } = this.#parts;
    const { signal } = this.#controller;
    const remote = await cooperation.session(device, { signal });
    const record = cooperation.records.get(device);
    // A check is no short way to be cleared.
    const count = Math.max(asked ?? 0, asked === undefined || isSuspect(record) ? segmentsToDraw(record) : 0);
    let proof: HolderProof = { outcome: 'nothing', segments: 0 };
    let refused = false;
    const ledgers = await this.#ledgersAt(device);
    // It keeps pieces of other devices of the account only, which are not for us to audit: that it is here is all that it can show.
    if (ledgers.size === 0) cooperation.judge(device, { kind: 'contact', owes: false });
    for (const [ledger, rows] of ledgers) {
      // What it was to drop while it was away: else its ledger is not ours.
      await this.#release(remote, ledger);
      const outcome = await this.#auditOne(remote, ledger, rows, count);
      proof = worse(proof, await this.#judge(device, outcome));
      refused = outcome.kind === 'refused' || outcome.kind === 'differs';
      if (proof.outcome === 'failed' || refused) break;
    }
    if (proof.outcome === 'proved') this.#passed(device, proof.segments);
    const after = cooperation.records.get(device);
    const { clock, random } = context.platform;
    const hours = this.#rulingWith(device)?.agreement.auditHours ?? 1;
    if (refused) this.#restingUntil.set(device, clock.monotonic() + SUSPECT_REST_MS);
    // Who refused is asked again soon, whatever its record.
    const auditAt = refused
      ? clock.now() + 2 * REFUSAL_GAP_MS
      : nextAuditAt(after, hours, clock.now(), random.fraction());
    cooperation.records.update(device, { auditAt });
    return proof;
  }

  /** A holder that does anything but answer what is asked, the end of its session included, has refused. */
  async #auditOne(
    remote: Remote,
    ledger: LedgerName,
    rows: readonly Placement[],
    count: number,
  ): Promise<AuditOutcome> {
    try {
      return await this.#tryAudit(remote, ledger, rows, count);
    } catch (error) {
      if (!(error instanceof PartnerError) || this.#controller.signal.aborted) throw error;
      return { kind: 'refused', message: error.message, heard: false };
    }
  }

  /** Once more with compared ledgers when they differ; the blocks of a broken audit before any others. */
  async #tryAudit(
    remote: Remote,
    ledger: LedgerName,
    rows: readonly Placement[],
    count: number,
  ): Promise<AuditOutcome> {
    const { context, pending } = this.#parts;
    const { signal } = this.#controller;
    const open = await pending.get(ledger.agreement);
    if (open !== undefined) {
      const outcome = await askAgain(context, remote, ledger, rows, open, signal);
      if (!isOpen(outcome)) await pending.drop(ledger.agreement);
      if (outcome.kind !== 'differs') return outcome;
      if (outcome.heard) return this.#looksOtherwise(remote, ledger, rows);
    }
    const first = await auditLedger(context, remote, ledger, rows, count, pending, signal);
    if (first.kind !== 'differs') return first;
    if (first.heard) return this.#looksOtherwise(remote, ledger, rows);
    const { lost, beside } = await compareLedger(context, remote, ledger, rows, signal);
    if (lost.length > 0) return { kind: 'lost', pieces: lost, segments: 0 };
    const told = await this.#release(remote, ledger);
    const again = await context.repository.rows.ledger(ledger.agreement);
    if (again.length === 0) return { kind: 'nothing' };
    const second = await auditLedger(context, remote, ledger, again, count, pending, signal);
    // A ledger that never stands still must not put an audit off for ever.
    if (second.kind !== 'differs') return second;
    // Rows that it may not drop yet, for no head without them is acknowledged: that is none of its doing. Rows that it made up are.
    if (!told && beside === 'ours') return second;
    return { kind: 'refused', message: 'its ledger keeps changing', heard: second.heard };
  }

  /** Whether the holder was told what it may drop; one that does not listen is audited all the same. @throws RoostError 'aborted' */
  async #release(remote: Remote, { agreement, holder }: LedgerName): Promise<boolean> {
    const { context } = this.#parts;
    try {
      return await releaseAt(context, remote, agreement);
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'aborted') throw error;
      context.platform.log.info('audit.release-waits', { device: holder, fault, message: messageOf(error) });
      return true;
    }
  }

  /**
   * A holder that heard what to show says that its ledger is another. What was drawn stays drawn: when nothing is lost and ours did not change,
   * that was a way not to show it.
   */
  async #looksOtherwise(
    remote: Remote,
    ledger: LedgerName,
    rows: readonly Placement[],
  ): Promise<AuditOutcome> {
    const { context } = this.#parts;
    const { lost } = await compareLedger(context, remote, ledger, rows, this.#controller.signal);
    if (lost.length > 0) return { kind: 'lost', pieces: lost, segments: 0 };
    const now = await context.repository.rows.ledger(ledger.agreement);
    // A piece came meanwhile; the next audit finds the old draw void.
    if (!equalBytes(ledgerDigest(now).digest, ledgerDigest(rows).digest)) return { kind: 'nothing' };
    return { kind: 'refused', message: 'it says that its ledger differs, and it does not', heard: true };
  }

  async #judge(device: DeviceId, outcome: AuditOutcome): Promise<HolderProof> {
    const { context, cooperation, tell, onLost } = this.#parts;
    const { records } = cooperation;
    const { clock } = context.platform;
    const record = records.get(device);
    const name = this.#parts.nameOf(device);
    // Only an answer ends a row of refusals.
    if (ANSWERS.includes(outcome.kind)) await this.#setRefusals(device, 0);
    switch (outcome.kind) {
      case 'passed':
        return { outcome: 'proved', segments: outcome.segments };
      case 'nothing':
      case 'differs':
        return { outcome: 'nothing', segments: 0 };
      case 'lost': {
        // Said honestly: repaired at once, and no reneging.
        const pieces = outcome.pieces.length;
        await context.repository.rows.removePlacements(outcome.pieces);
        await context.repository.rows.markForRelease(outcome.pieces);
        records.update(device, { lostPieces: record.lostPieces + pieces, lostAt: clock.now(), streak: 0 });
        cooperation.judge(device, { kind: 'contact', owes: false });
        tell('audit-lost', { device, name, pieces }, 'warning');
        onLost();
        return { outcome: 'lost', segments: outcome.segments };
      }
      case 'failed': {
        await context.repository.rows.removePlacements(outcome.pieces);
        await context.repository.rows.markForRelease(outcome.pieces);
        records.update(device, { failed: record.failed + 1, streak: 0 });
        cooperation.judge(device, { kind: 'proof-failed' });
        tell('audit-failed', { device, name, reason: 'wrong-bytes' }, 'problem');
        onLost();
        return { outcome: 'failed', segments: outcome.segments };
      }
      case 'unanswered':
        records.update(device, { failed: record.failed + 1, streak: 0 });
        cooperation.judge(device, { kind: 'proof-unanswered' });
        tell('audit-failed', { device, name, reason: 'unanswered' }, 'warning');
        return { outcome: 'failed', segments: 0 };
      case 'refused':
        if (await this.#refusedTooOften(device)) cooperation.judge(device, { kind: 'proof-unanswered' });
        return { outcome: 'unreachable', segments: 0 };
      default:
        return outcome satisfies never;
    }
  }

  #passed(device: DeviceId, segments: number): void {
    const { context, cooperation, tell } = this.#parts;
    const { records } = cooperation;
    const record = records.get(device);
    const wasSuspect = record.standing.state === 'suspect';
    records.update(device, {
      lastProofAt: context.platform.clock.now(),
      passed: record.passed + 1,
      streak: record.streak + 1,
    });
    cooperation.judge(device, { kind: 'proof-passed' });
    // The first proof and each return are worth a line; a proof a week from each partner is not.
    if (record.passed === 0 || wasSuspect)
      tell('audit-passed', { device, name: this.#parts.nameOf(device), segments });
  }

  /** A holder that will not let an audit begin cannot put it off for ever, however often this device restarts. */
  async #refusedTooOften(device: DeviceId): Promise<boolean> {
    const now = this.#parts.context.platform.clock.now();
    const { count, at } = await this.#refusals(device);
    if (count > 0 && Math.abs(now - at) < REFUSAL_GAP_MS) return false;
    await this.#setRefusals(device, count + 1);
    return count + 1 >= REFUSALS_MAX;
  }

  async #refusals(device: DeviceId): Promise<{ readonly count: number; readonly at: number }> {
    const kept = await this.#parts.context.repository.state(refusalsKey(device));
    const [count, at] = Array.isArray(kept) ? (kept as readonly unknown[]) : [];
    return typeof count === 'number' && typeof at === 'number' ? { count, at } : { count: 0, at: 0 };
  }

  async #setRefusals(device: DeviceId, count: number): Promise<void> {
    const { repository, platform } = this.#parts.context;
    if (count === (await this.#refusals(device)).count) return;
    const value = [count, platform.clock.now()];
    await repository.apply([repository.operations.state(refusalsKey(device), value)]);
  }

  /** Our ledgers at a holder, with their rows in order. */
  async #ledgersAt(device: DeviceId): Promise<ReadonlyMap<LedgerName, readonly Placement[]>> {
    const { cooperation } = this.#parts;
    const inPlaceOf = this.#parts.standsInFor();
    const ledgers = cooperation.ledgers().filter(({ holder, agreement, adopted }) => {
      if (holder !== device) return false;
      const owner = cooperation.agreements.get(agreement)?.ours.device;
      return !adopted || (owner !== undefined && inPlaceOf.has(owner));
    });
    const rows = new Map<LedgerName, readonly Placement[]>();
    for (const ledger of ledgers) {
      const own = await this.#parts.context.repository.rows.ledger(ledger.agreement);
      if (own.length > 0) rows.set(ledger, own);
    }
    return rows;
  }
}

/** Refusals in a row, and when the last was: kept, because a tab is closed every day. */
const refusalsKey = (device: DeviceId): string => `refused/${device}`;

const isSuspect = (record: PartnerRecord): boolean => record.standing.state === 'suspect';

/** Of several ledgers of one holder the worst outcome counts, and the segments of all. */
function worse(a: HolderProof, b: HolderProof): HolderProof {
  const order = ['nothing', 'proved', 'unreachable', 'lost', 'failed'] as const;
  const outcome = order.indexOf(b.outcome) > order.indexOf(a.outcome) ? b.outcome : a.outcome;
  return { outcome, segments: a.segments + b.segments };
}
