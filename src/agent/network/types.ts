import type { Bytes } from '../../core/bytes.ts';
import type { Agreement } from '../../core/agreement/types.ts';
import type { AccountId, AgreementId, DeviceId, RendezvousId } from '../../core/ids.ts';
import type { RosterState } from '../../core/roster/types.ts';
import type { Cancellable, OnReached } from '../../core/progress.ts';
import type { HolderOdds } from '../../core/placement/durability.ts';
import type { PartnerState } from '../api.ts';
import type { PartnerNotes } from './partner-notes.ts';
import type { Remote } from '../session/types.ts';

/** Our cooperative as seen from here: who is there, who is connected, with whom we have agreements. */
export interface Cooperation {
  readonly roster: RosterState;
  /** Whether the broker answers. */
  readonly brokerOnline: boolean;
  /** Sessions open now. */
  connected(): readonly Remote[];
  /** An open session, or a new one. @throws 'unreachable' | 'timeout' | 'refused' (not who it says it is) */
  session(device: DeviceId, options?: Cancellable): Promise<Remote>;
  /** Partners known: everyone we have an agreement with, connected or not. */
  partners(): readonly Partner[];
  /**
   * Makes sure that agreements exist with as many other members' devices as are reachable (one per account first), each giving
   * us at least `bytes` more than we already hold there. Devices that refuse or are full are left out.
   * @param options `atLeast`: more partners are looked for while fewer than these are in good standing; `onReached`: told how many of the
   * partners that are called have answered
   */
  ensurePartners(bytes: number, options?: ReachOptions): Promise<readonly Partner[]>;
  /** Takes over agreements that a holder has with another (lost) device of our account. */
  adopt(encodedAgreement: Bytes, holder: DeviceId): Promise<Partner>;
  /** Every ledger of ours: one for each agreement of any epoch, adopted ones too. */
  ledgers(): readonly LedgerName[];
  /** Leaves a copy of our head at the broker; rejects while it is away. */
  leaveHead(rendezvous: RendezvousId, head: Bytes): Promise<void>;
  readonly notes: Pick<PartnerNotes, 'doubt' | 'stored' | 'headTaken' | 'headOf'>;
  /** Bytes that went over all sessions so far, both ways. */
  traffic(): number;
  onChange(handler: () => void): () => void;
}

export interface ReachOptions extends Cancellable {
  readonly atLeast?: number;
  readonly onReached?: OnReached | undefined;
}

/** Which holder keeps a ledger, and under which agreement. */
export interface LedgerName {
  readonly holder: DeviceId;
  readonly agreement: AgreementId;
  /** made by another device of our account, which may have its own rows there */
  readonly adopted: boolean;
}

export interface Partner {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly agreement: Agreement;
  /** true when the agreement was made by another device of our account and adopted here */
  readonly adopted: boolean;
  readonly state: PartnerState;
  readonly reason: string | undefined;
  readonly online: boolean;
  readonly lastSeenAt: number | undefined;
  readonly deviceLabel: string;
  readonly platform: string;
  readonly storageClass: string;
  /** neighbourhood hash as the broker told it */
  readonly neighbourhood: string | undefined;
  /** true when its address is this computer's own (loopback, or the very address the broker sees of us) */
  readonly sameComputer: boolean;
  /** what is known of its availability and lasting, worse while it is suspect (src/agent/partners/odds.ts) */
  readonly odds: HolderOdds;
  /** failure domains it shares with others: `account:…`, `family:…`, `place:…`, `computer:`, `inviter:…` */
  readonly domains: readonly string[];
  /** an appliance: caps of family, place and inviter do not hold for it */
  readonly exempt: boolean;
}
