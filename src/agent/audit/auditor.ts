import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { AuditTerms } from '../../core/audit/draw.ts';
import { auditCommit, countSegments, drawSegments } from '../../core/audit/draw.ts';
import type { AuditOutcome as ReceiptOutcome } from '../../core/audit/receipt.ts';
import { signReceipt, verifyReceipt } from '../../core/audit/receipt.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import { ledgerDigest } from '../../core/ledger/row.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { AUDIT_CHANCE_BYTES } from '../../core/wire/limits.ts';
import type { AgentContext } from '../context.ts';
import type { LedgerName } from '../network/types.ts';
import type { Placement } from '../repository/records.ts';
import type { Remote } from '../session/types.ts';
import type { PendingReveal, PendingReveals } from './pending-reveals.ts';

/** What one audit of one ledger came to. */
export type AuditOutcome =
  | { readonly kind: 'passed'; readonly segments: number }
  /** the holder says itself that it lost these pieces; the other drawn ones were right */
  | { readonly kind: 'lost'; readonly pieces: readonly Placement[]; readonly segments: number }
  /** bytes of these pieces did not verify */
  | { readonly kind: 'failed'; readonly pieces: readonly Placement[]; readonly segments: number }
  /** it knows what to show, and did not */
  | { readonly kind: 'unanswered' }
  /** it did not let the audit begin, or go on although it `heard` what to show */
  | { readonly kind: 'refused'; readonly message: string; readonly heard: boolean }
  /** its ledger is another than ours; or it says so, once it has `heard` what to show */
  | { readonly kind: 'differs'; readonly heard: boolean }
  | { readonly kind: 'nothing' };

/**
 * Audits one ledger: commit, the holder's chance, reveal, proof. The owner keeps no copy and no state but the key of the shards; the
 * tag of each drawn segment proves that this holder has it.
 * @param rows our side of the ledger, ascending
 * @throws RoostError 'aborted', or what the session throws before the reveal
 */
export async function auditLedger(
  context: AgentContext,
  remote: Remote,
  ledger: LedgerName,
  rows: readonly Placement[],
  count: number,
  pending: PendingReveals,
  signal: AbortSignalLike,
): Promise<AuditOutcome> {
  if (rows.length === 0) return { kind: 'nothing' };
  const chance = context.platform.random.bytes(AUDIT_CHANCE_BYTES);
  const { digest } = ledgerDigest(rows);
  const terms = termsOf(context, remote, ledger, digest, count);
  let holderChance: Bytes;
  try {
    holderChance = await remote.openAudit(ledger.agreement, {
      commit: auditCommit(terms, chance),
      digest,
      count,
    });
  } catch (error) {
    const fault = faultOf(error);
    // It knows the agreement no more: what it still has its ledger tells.
    if (fault === 'not-found') return { kind: 'differs', heard: false };
    if (fault === 'refused' && !(await sameLedger(remote, ledger, digest)))
      return { kind: 'differs', heard: false };
    if (fault === 'refused' || fault === 'busy')
      return { kind: 'refused', message: messageOf(error), heard: false };
    throw error;
  }
  const reveal: PendingReveal = { chance, holderChance, digest, count };
  await pending.put(ledger.agreement, reveal);
  const outcome = await askAgain(context, remote, ledger, rows, reveal, signal);
  if (!isOpen(outcome)) await pending.drop(ledger.agreement);
  return outcome;
}

/** Whether the same blocks are to be asked for again. */
export function isOpen(outcome: AuditOutcome): boolean {
  return outcome.kind === 'unanswered' || ('heard' in outcome && outcome.heard);
}

/** Asks for the blocks of an audit that was begun: the same ones, however often. @throws RoostError 'aborted' */
export async function askAgain(
  context: AgentContext,
  remote: Remote,
  ledger: LedgerName,
  rows: readonly Placement[],
  reveal: PendingReveal,
  signal: AbortSignalLike,
): Promise<AuditOutcome> {
  // Ours has changed since: what was drawn from is no more, and new blocks tell the same.
  if (rows.length === 0 || !equalBytes(ledgerDigest(rows).digest, reveal.digest))
    return { kind: 'differs', heard: false };
  const terms = termsOf(context, remote, ledger, reveal.digest, reveal.count);
  const commit = auditCommit(terms, reveal.chance);
  let answers: readonly (Bytes | undefined)[];
  try {
    const { chance, count } = reveal;
    answers = await remote.answerAudit(ledger.agreement, { commit, chance, count }, { signal });
  } catch (error) {
    const fault = faultOf(error);
    if (fault === 'aborted') throw error;
    context.platform.log.info('audit.unanswered', { device: ledger.holder, fault });
    switch (fault) {
      case 'refused':
        // It found rot, or a piece came, between the commitment and the reveal.
        if (!(await sameLedger(remote, ledger, reveal.digest))) return { kind: 'differs', heard: true };
        return { kind: 'refused', message: messageOf(error), heard: true };
      case 'busy':
        return { kind: 'refused', message: messageOf(error), heard: true };
      case 'not-found':
        return { kind: 'refused', message: messageOf(error), heard: false };
      default:
        return { kind: 'unanswered' };
    }
  }
  const drawn = drawSegments(terms, { owner: reveal.chance, holder: reveal.holderChance }, rows);
  const outcome = await judgeAnswers(context, ledger, drawn, answers);
  const receipt = receiptOutcome(outcome);
  if (receipt !== undefined)
    await exchangeReceipt(context, remote, ledger, { terms, commit, rows, outcome: receipt });
  return outcome;
}

async function judgeAnswers(
  context: AgentContext,
  { holder, agreement }: LedgerName,
  drawn: readonly { readonly row: Placement; readonly segment: number }[],
  answers: readonly (Bytes | undefined)[],
): Promise<AuditOutcome> {
  const { platform, keys } = context;
  const lost = new Set<Placement>();
  const wrong = new Set<Placement>();
  await Promise.all(
    drawn.map(async ({ row, segment }, i) => {
      const sealed = answers[i];
      if (sealed === undefined) {
        lost.add(row);
        return;
      }
      const { packId, shard, segments } = row;
      const { corrupt } = await platform.codec.openSegments({
        seal: { owner: keys.account, holder, agreement, packId, shard },
        segments,
        sealed: [{ index: segment, bytes: sealed }],
      });
      if (corrupt.length > 0) wrong.add(row);
    }),
  );
  const segments = drawn.length - [...drawn].filter(({ row }) => lost.has(row) || wrong.has(row)).length;
  if (wrong.size > 0) return { kind: 'failed', pieces: [...wrong, ...lost], segments };
  if (lost.size > 0) return { kind: 'lost', pieces: [...lost], segments };
  return { kind: 'passed', segments };
}

function receiptOutcome({ kind }: AuditOutcome): ReceiptOutcome | undefined {
  return kind === 'passed' || kind === 'lost' || kind === 'failed' ? kind : undefined;
}

/** Both sign the outcome. A holder that signs nothing (of a failure it does not agree with) changes nothing for us. */
async function exchangeReceipt(
  context: AgentContext,
  remote: Remote,
  ledger: LedgerName,
  audit: {
    readonly terms: AuditTerms;
    readonly commit: Bytes;
    readonly rows: readonly Placement[];
    readonly outcome: ReceiptOutcome;
  },
): Promise<void> {
  const { platform, signer, repository, keys } = context;
  const { crypto, clock, log } = platform;
  const { certificate } = remote.peer;
  try {
    const ours = await signReceipt(crypto, signer, {
      cooperative: audit.terms.cooperative,
      agreement: ledger.agreement,
      owner: { account: keys.account, devicePublicKey: signer.publicKey },
      holder: { account: certificate.account, devicePublicKey: certificate.devicePublicKey },
      at: clock.now(),
      commit: audit.commit,
      digest: audit.terms.digest,
      rows: audit.rows.length,
      segments: countSegments(audit.rows),
      count: audit.terms.count,
      outcome: audit.outcome,
    });
    const both = await remote.receipt(ours);
    await verifyReceipt(crypto, both);
    await repository.apply([repository.operations.state(`receipt/${ledger.agreement}`, both)]);
  } catch (error) {
    if (faultOf(error) === 'aborted') throw error;
    log.debug('audit.no-receipt', { device: ledger.holder, fault: faultOf(error) });
  }
}

async function sameLedger(remote: Remote, { agreement }: LedgerName, digest: Bytes): Promise<boolean> {
  return equalBytes((await remote.ledgerDigest(agreement)).digest, digest);
}

function termsOf(
  context: AgentContext,
  remote: Remote,
  { agreement, holder }: LedgerName,
  digest: Bytes,
  count: number,
): AuditTerms {
  return {
    cooperative: remote.peer.cooperative,
    owner: { device: context.device, account: context.keys.account },
    holder,
    agreement,
    digest,
    count,
  };
}
