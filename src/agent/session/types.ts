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
  roster(peer: Peer, cooperative: CooperativeId, from: number): Promise<readonly Bytes[]>;
}

/** Takes one shard, segment by segment in order. */
export interface ShardReceiver {
  /** Resolves when the next segment may be taken (back-pressure). */
  segment(bytes: Bytes): Promise<void>;
  /** All segments came: checks length and SHA-256, makes it durable. @throws 'corrupt' | 'full' */
  commit(): Promise<void>;
  abort(): Promise<void>;
}
