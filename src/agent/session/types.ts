import type { Bytes } from '../../core/bytes.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId, RendezvousId } from '../../core/ids.ts';
import type { DeviceCertificate } from '../../core/identity/types.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';

/** Who is at the other end, proved by the handshake and a member of the cooperative. */
export interface Peer {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly certificate: DeviceCertificate;
  readonly cooperative: CooperativeId;
}

/**
 * What we can ask a connected partner. Requests run side by side; each rejects with the partner's fault, or with 'unreachable'
 * when the session ends, 'timeout' when no byte moved for REQUEST_TIMEOUT_MS.
 */
export interface Remote {
  readonly peer: Peer;
  readonly closed: boolean;
  onClose(handler: (reason: string) => void): void;
  close(reason: string): void;
  /** Sends a proposal signed by us, returns the agreement signed by both. @throws 'refused' | 'full' */
  propose(proposal: Bytes): Promise<Bytes>;
  /** Agreements the partner has with any device of our account, encoded and signed by both. */
  agreements(): Promise<readonly Bytes[]>;
  /** Stores a sealed shard under a row; resolves when it is durable there. Same row and hash again: resolves at once. */
  put(
    agreement: AgreementId,
    row: LedgerRow,
    sealed: Bytes,
    options?: { readonly onSent?: (bytes: number) => void } & Cancellable,
  ): Promise<void>;
  /** Sealed segments `first` … `first + count - 1` of a row, in order. @throws 'not-found' | 'corrupt' (the holder knows its copy is bad) */
  get(
    agreement: AgreementId,
    row: number,
    first: number,
    count: number,
    options?: Cancellable,
  ): Promise<readonly Bytes[]>;
  /** Drops rows; resolves when durable. Rows that are not there count as dropped. */
  release(agreement: AgreementId, rows: readonly number[]): Promise<void>;
  /** Rows of our ledger after row number `after`, ascending; at most 1000 a call. */
  ledger(agreement: AgreementId, after: number): Promise<readonly LedgerRow[]>;
  /** Number of rows and SHA-256 over the encoded rows, ascending. */
  ledgerDigest(
    agreement: AgreementId,
  ): Promise<{ readonly rows: number; readonly bytes: number; readonly digest: Bytes }>;
  /** Leaves our newest signed, sealed head. @throws 'refused' for a lower seq than it has */
  putHead(rendezvous: RendezvousId, head: Bytes): Promise<void>;
  /** The heads it holds for this id, one per device. */
  heads(rendezvous: RendezvousId): Promise<readonly Bytes[]>;
  roster(cooperative: CooperativeId, from: number): Promise<readonly Bytes[]>;
  /** Ends a round of offers: gives the partner the agreement that its counter-proposal has become by our signature. @throws 'refused' */
  accept(agreement: Bytes): Promise<void>;
  /**
   * First step of an audit: our commitment, answered by the holder's 32 bytes of chance. @throws 'refused' when its ledger has
   * another digest or it is asked too often, 'not-found'
   */
  openAudit(agreement: AgreementId, commitment: AuditCommitment): Promise<Bytes>;
  /**
   * Last step: reveals our chance. The drawn segments in the order of the draw, undefined where the holder says itself that it lost one.
   * @throws 'not-found' when it knows no such audit, 'refused' when its ledger has changed
   */
  answerAudit(
    agreement: AgreementId,
    reveal: AuditReveal,
    options?: Cancellable,
  ): Promise<readonly (Bytes | undefined)[]>;
  /** Gives the holder a receipt signed by us, returns it signed by both. @throws 'refused' when it says otherwise */
  receipt(receipt: Bytes): Promise<Bytes>;
  /** Tells the owner of pieces held here that some are gone. */
  tellLoss(loss: LossNotice): Promise<void>;
  /** Tells a partner that our side leaves the agreement, signed (core/partnership/leave-notice.ts). */
  leave(notice: Bytes): Promise<void>;
  /** Tells a signed report of a reneged member: to the member itself and to partners of both. */
  report(report: Bytes): Promise<void>;
  /** Reports the partner knows, newest first, at most 256. */
  reports(): Promise<readonly Bytes[]>;
  /** Tells our newest partner list (core/partnership/partner-list.ts). */
  putPartnerList(list: Bytes): Promise<void>;
  /** Partner lists it keeps of an account's devices, newest first; of all accounts it knows when none is named. */
  partnerLists(account?: AccountId): Promise<readonly Bytes[]>;
  /** Gives another device of our own account what it needs to audit and repair in our place. @throws 'refused' by any other account */
  putDuty(duty: Bytes): Promise<void>;
}

/** What an owner commits itself to before the holder's chance is known. */
export interface AuditCommitment {
  /** SHA-256 of our chance and the transcript (core/audit/draw.ts) */
  readonly commit: Bytes;
  /** digest of the ledger, as ours has it */
  readonly digest: Bytes;
  /** segments to be drawn, 1 to AUDIT_MAX_SEGMENTS */
  readonly count: number;
}

export interface AuditReveal {
  readonly commit: Bytes;
  /** our chance, 32 bytes */
  readonly chance: Bytes;
  /** as in the commitment */
  readonly count: number;
}

/** A holder's own word that it lost pieces. */
export interface LossNotice {
  readonly agreement: AgreementId;
  /** 'evicted': the platform took its storage away, which is no reneging; 'damaged': bytes rotted or went missing */
  readonly cause: 'evicted' | 'damaged';
  /** pieces lost as far as it knows; 0 when it lost its records, too, and so all of them */
  readonly rows: number;
}

/** What partners may ask of us; `peer` is proved. Every method checks that this peer may ask this. */
export interface RequestHandler {
  propose(peer: Peer, proposal: Bytes): Promise<Bytes>;
  agreements(peer: Peer): Promise<readonly Bytes[]>;
  /**
   * Called when a put begins, before any byte is taken. Rejects ('refused', 'full', 'not-found') or says that it is here
   * already, or takes the segments as they come.
   */
  put(peer: Peer, agreement: AgreementId, row: LedgerRow): Promise<'have' | ShardReceiver>;
  get(
    peer: Peer,
    agreement: AgreementId,
    row: number,
    first: number,
    count: number,
  ): Promise<readonly Bytes[]>;
  release(peer: Peer, agreement: AgreementId, rows: readonly number[]): Promise<void>;
  ledger(peer: Peer, agreement: AgreementId, after: number): Promise<readonly LedgerRow[]>;
  ledgerDigest(
    peer: Peer,
    agreement: AgreementId,
  ): Promise<{ readonly rows: number; readonly bytes: number; readonly digest: Bytes }>;
  putHead(peer: Peer, rendezvous: RendezvousId, head: Bytes): Promise<void>;
  heads(peer: Peer, rendezvous: RendezvousId): Promise<readonly Bytes[]>;
  /** Entries from a place on: all of them, or one more than a page of ROSTER_PAGE_BYTES has. */
  roster(peer: Peer, cooperative: CooperativeId, from: number): Promise<readonly Bytes[]>;
  accept(peer: Peer, agreement: Bytes): Promise<void>;
  openAudit(peer: Peer, agreement: AgreementId, commitment: AuditCommitment): Promise<Bytes>;
  answerAudit(
    peer: Peer,
    agreement: AgreementId,
    reveal: AuditReveal,
  ): Promise<readonly (Bytes | undefined)[]>;
  receipt(peer: Peer, receipt: Bytes): Promise<Bytes>;
  loss(peer: Peer, loss: LossNotice): Promise<void>;
  leave(peer: Peer, notice: Bytes): Promise<void>;
  report(peer: Peer, report: Bytes): Promise<void>;
  reports(peer: Peer): Promise<readonly Bytes[]>;
  putPartnerList(peer: Peer, list: Bytes): Promise<void>;
  partnerLists(peer: Peer, account: AccountId | undefined): Promise<readonly Bytes[]>;
  putDuty(peer: Peer, duty: Bytes): Promise<void>;
}

/** Takes one shard, segment by segment in order. */
export interface ShardReceiver {
  /** Resolves when the next segment may be taken (back-pressure). */
  segment(bytes: Bytes): Promise<void>;
  /** All segments came: checks length and SHA-256, makes it durable. @throws 'corrupt' | 'full' */
  commit(): Promise<void>;
  abort(): Promise<void>;
}
