import type { Fault } from '../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId, SnapshotId } from '../core/ids.ts';
import type { Cancellable, Progress } from '../core/progress.ts';
import type { StorageSpace } from '../ports/blob-store.ts';
import type { BrokerStatus } from '../ports/rendezvous.ts';
import type { Sink } from '../ports/sink.ts';
import type { Source } from '../ports/source.ts';

/**
 * What a device can be asked, by the app and the command line alike. Every state is plain data (structured-cloneable), so that
 * a second tab can show the leader's state. Every method rejects with RoostError.
 */
export interface AgentApi {
  readonly state: AgentState;
  /** Called after every change with the new state; returns a function that ends it. */
  subscribe(handler: (state: AgentState) => void): () => void;

  /** Makes an account; the words are told once and kept nowhere. */
  createAccount(): Promise<{ readonly words: string }>;
  /** Checks words typed in and makes this a device of their account. @throws 'wrong-words' */
  useWords(words: string): Promise<void>;
  /** Whether words typed in are those of this account. @throws 'wrong-words' when they are no phrase at all */
  checkWords(words: string): Promise<boolean>;
  found(name: string, displayName: string): Promise<{ readonly invite: string }>;
  /** `link` is the whole invite link or its fragment. @throws 'bad-invite' | 'unreachable' */
  join(link: string, displayName: string): Promise<void>;
  /** After useWords: finds heads, certifies this device, reads rosters, heads, ledgers, index. @throws 'not-found' | 'too-few' | 'unreachable' */
  recover(
    options?: { readonly onProgress?: (progress: Progress) => void } & Cancellable,
  ): Promise<RecoveryReport>;
  /** A fresh invite link for this cooperative (stewards). The broker's origin is the link's address. */
  invite(options?: { readonly uses?: number; readonly days?: number }): Promise<{ readonly invite: string }>;

  /** Opens sessions to all partners and keeps holding for others until `stop`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  setOffer(bytes: number): Promise<void>;
  /**
   * What this device sends a second to all partners together; undefined for as much as goes. Kept until it is set anew.
   * @throws 'usage' below 64 KiB a second
   */
  setUploadLimit(bytesPerSecond: number | undefined): Promise<void>;
  setDeviceLabel(label: string): Promise<void>;

  backup(sources: readonly Source[], options?: BackupOptions): Promise<BackupReport>;
  /**
   * Whether some file of a folder was saved before under the folder's name, with the size and time that it has now: where nobody tells
   * whether a folder is the one that was saved, it is then taken for that.
   */
  knows(source: Source): Promise<boolean>;
  removeFolder(name: string): Promise<void>;
  pause(): void;
  resume(): void;

  snapshots(): Promise<readonly SnapshotSummary[]>;
  /** Entries of one folder of a snapshot, `path` '' for the root; sorted: folders first, then by name. */
  list(snapshot: SnapshotId, path: string): Promise<readonly FileSummary[]>;
  restore(snapshot: SnapshotId, options: RestoreOptions): Promise<RestoreReport>;
  /** Drops snapshots that no rule keeps and releases the space of chunks that none needs. */
  forget(
    keep: KeepRules,
  ): Promise<{ readonly forgotten: readonly SnapshotId[]; readonly releasedBytes: number }>;
  /** Audits every holder that can be reached, now: proves possession by a few drawn segments each. */
  check(options?: CheckOptions): Promise<CheckReport>;
  /** What a recovery sheet lists beside the words: who holds pieces of ours, and where to begin. */
  recoverySheet(): RecoverySheet;
  /** Ends the agreement with one partner in order: pieces move away first, both ways. @throws 'not-found' */
  endPartnership(device: DeviceId): Promise<void>;
  /** Lets another device of this account audit and repair in our place; it cannot read (undefined ends it). */
  setDelegate(device: DeviceId | undefined): Promise<void>;
  /** Forgets everything on this device: keys, index, held pieces. */
  wipe(): Promise<void>;
}

export interface CheckOptions extends Cancellable {
  readonly onProgress?: (progress: Progress) => void;
}
export interface CheckReport {
  readonly partners: readonly CheckedPartner[];
  /** sealed bytes of ours that the proofs cover */
  readonly provedBytes: number;
  /** bytes that went over the wire for it, both ways */
  readonly movedBytes: number;
  readonly seconds: number;
  /** packs of ours, and how many of them too few of those who answered hold pieces of: these could not be restored at this moment */
  readonly packs: number;
  readonly outOfReach: number;
  /** whether the broker was there to introduce us: else partners that are online may not have been reached */
  readonly introduced: boolean;
}
export interface CheckedPartner {
  readonly device: DeviceId;
  readonly name: string;
  /** 'nothing': it holds nothing of ours; 'lost': it said so itself; 'failed': wrong bytes, or no answer after the reveal */
  readonly outcome: 'proved' | 'failed' | 'lost' | 'unreachable' | 'nothing';
  /** segments drawn and right */
  readonly segments: number;
  readonly heldBytes: number;
}

export interface RecoverySheet {
  readonly origin: string;
  readonly cooperative: string;
  readonly account: AccountId;
  /** first 8 hex digits that tell a phrase from another; not secret */
  readonly check: string;
  readonly partners: readonly {
    readonly name: string;
    readonly deviceLabel: string;
    readonly device: DeviceId;
  }[];
}

export interface BackupOptions extends Cancellable {
  /** 'auto' or 'mirror:3' | 'parity:4+1' | 'reed-solomon:6+3' | 'stripe:4' */
  readonly code?: string;
  /** a folder that was saved from another place before is the same one, which has moved */
  readonly moved?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

export interface BackupReport {
  readonly snapshot: SnapshotId;
  /** of the whole snapshot */
  readonly files: number;
  readonly bytes: number;
  /** of these, what this run did not look at or could not, and that stays as it was saved before */
  readonly carriedFiles: number;
  readonly carriedBytes: number;
  /** bytes sent to holders, all redundancy and records included */
  readonly sentBytes: number;
  /** sealed bytes of new packs before redundancy */
  readonly storedBytes: number;
  /** bytes of file content that were read */
  readonly readBytes: number;
  readonly seconds: number;
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  /** pipes, sockets and devices, which have no content to save: all that can be saved is, without them */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  readonly health: HealthState;
}

export interface RestoreOptions extends Cancellable {
  readonly sink: Sink;
  /** files and folders by path in the snapshot; all when empty */
  readonly paths: readonly string[];
  readonly onProgress?: (progress: Progress) => void;
}
export interface RestoreReport {
  readonly files: number;
  readonly bytes: number;
  /** of the files, those that lay in the target already, byte for byte */
  readonly kept: number;
  readonly seconds: number;
  readonly failed: readonly { readonly path: string; readonly fault: Fault; readonly reason: string }[];
  /** holders that served wrong bytes, repaired by reading elsewhere */
  readonly corrected: readonly { readonly device: DeviceId; readonly segments: number }[];
}

export interface RecoveryReport {
  readonly cooperative: string;
  readonly snapshots: number;
  readonly heads: number;
  /** partners that answered, and all that the heads name */
  readonly partnersRead: number;
  readonly partners: number;
  /** a sentence when fewer partners than is safe were read */
  readonly warning: string | undefined;
}

export interface KeepRules {
  readonly last?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly yearly?: number;
}

export interface SnapshotSummary {
  readonly snapshot: SnapshotId;
  readonly device: DeviceId;
  readonly deviceLabel: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly files: number;
  readonly bytes: number;
  readonly unreadableCount: number;
}
export interface FileSummary {
  readonly path: string;
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly bytes: number;
  readonly mtimeMs: number;
}

export type HealthState = 'protected' | 'saving' | 'at-risk' | 'paused' | 'empty';

export interface AgentState {
  /** 'new' no account; 'keys' an account but no cooperative; 'member' all set */
  readonly phase: 'new' | 'keys' | 'member';
  readonly account: AccountId | undefined;
  readonly device: DeviceId | undefined;
  readonly deviceLabel: string;
  readonly broker: BrokerStatus;
  readonly cooperative: CooperativeView | undefined;
  readonly health: Health;
  readonly folders: readonly FolderView[];
  readonly partners: readonly PartnerView[];
  readonly space: SpaceView;
  /** bytes a second to all partners together, undefined when there is no limit */
  readonly uploadLimit: number | undefined;
  readonly task: TaskView | undefined;
  /** newest first, at most 500 */
  readonly activity: readonly ActivityEntry[];
}

export interface CooperativeView {
  readonly id: CooperativeId;
  readonly name: string;
  readonly role: 'member' | 'steward';
  readonly members: readonly {
    readonly account: AccountId;
    readonly name: string;
    readonly role: 'member' | 'steward';
    readonly self: boolean;
    readonly online: boolean;
  }[];
}

/** Facts of the one sentence; the app words it. */
export interface Health {
  readonly state: HealthState;
  /** partners that hold pieces of ours and how many of them may vanish before anything is lost (the worst pack) */
  readonly partners: number;
  readonly canLose: number;
  /** how many of those partners are connected now */
  readonly online: number;
  /** everything is on this very computer (or household): safe from mistakes, not from its loss */
  readonly sameComputer: boolean;
  readonly lastSavedAt: number | undefined;
  /** why at risk, or why nothing can be saved */
  readonly reason: HealthReason | undefined;
  /** holders that are silent or failed a proof, on their time of grace */
  readonly suspects: number;
  /** pieces that are missing now and are being made again, or wait for a partner with room */
  readonly missing: number;
  /** pieces of what was saved that are brought when partners that were away come back */
  readonly awaited: number;
  /** worked out from what was measured: chance a year that something is lost, and that all of it could be restored right now */
  readonly lossPerYear: number | undefined;
  readonly restorableNow: number | undefined;
  /** what remains risky although all is in place: too few or too similar partners */
  readonly risks: readonly HealthRisk[];
}
/** 'domain' names what too many pieces share: `family:chromium`, `place:…`, `computer:`, `inviter:…` */
export type HealthRisk =
  | { readonly kind: 'too-few-partners'; readonly partners: number; readonly wanted: number }
  | { readonly kind: 'domain' | 'account'; readonly domain: string };
export type HealthReason =
  | 'no-partners'
  | 'too-few-partners'
  | 'packs-incomplete'
  | 'holders-lost-pieces'
  | 'last-run-failed'
  | 'files-unreadable'
  | 'partners-full';

export interface FolderView {
  readonly name: string;
  readonly health: HealthState;
  readonly lastSavedAt: number | undefined;
  readonly files: number;
  readonly bytes: number;
  /** of the files, those that the platform hid in the last run, and that stay as they were saved before */
  readonly hidden: number;
}

export type PartnerState =
  'candidate' | 'negotiating' | 'active' | 'suspect' | 'leaving' | 'reneged' | 'evicted' | 'departed';

export interface PartnerView {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly name: string;
  readonly deviceLabel: string;
  readonly state: PartnerState;
  /** why it is in this state, as a sentence-ready code and since when */
  readonly reason: string | undefined;
  readonly online: boolean;
  readonly lastSeenAt: number | undefined;
  /** last time it proved that it keeps our pieces; undefined before the first proof */
  readonly lastProofAt: number | undefined;
  readonly proofs: { readonly passed: number; readonly failed: number };
  /** when it will be replaced unless it comes back; undefined while nothing is wrong */
  readonly graceEndsAt: number | undefined;
  /** share of the time it was online in each of the 168 hours of a week (UTC, Monday first); empty before a week was watched */
  readonly schedule: readonly number[];
  readonly agreement: AgreementId | undefined;
  /** terms of the ruling agreement */
  readonly terms: PartnerTerms | undefined;
  /** bytes of ours it holds, bytes of its we hold, and what each side promised */
  readonly held: number;
  readonly holding: number;
  readonly givesUs: number;
  readonly weGive: number;
  readonly platform: string;
  readonly storageClass: string;
}

export interface PartnerTerms {
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly graceDays: number;
  readonly commitmentDays: number;
  /** times its space that each side may read a year beside audits */
  readonly readsPerYear: number;
  readonly auditHours: number;
}

export interface SpaceView extends StorageSpace {
  readonly offered: number;
  readonly promised: number;
  /** bytes held for others */
  readonly held: number;
}

export interface TaskView {
  readonly kind: 'backup' | 'restore' | 'recover' | 'forget' | 'check' | 'repair';
  readonly paused: boolean;
  readonly progress: Progress;
}

export interface ActivityEntry {
  readonly at: number;
  readonly event: string;
  /** plain data for the sentence */
  readonly details: Readonly<Record<string, string | number>>;
  readonly level: 'info' | 'warning' | 'problem';
}
