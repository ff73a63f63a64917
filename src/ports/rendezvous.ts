import type { Bytes } from '../core/bytes.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../core/ids.ts';
import type { IceServer } from '../core/wire/broker-records.ts';
import type { StorageClass } from './blob-store.ts';

/**
 * The broker as a device sees it: introductions, directory, roster copies, mailbox. Optional: everything keeps working with
 * members already connected. All calls reject with RoostError 'unreachable' while the broker is away; the adapter reconnects
 * by itself (backoff with jitter, at most 30 s) and re-announces the last listing and holdings.
 */
export interface Rendezvous {
  readonly status: BrokerStatus;
  onStatus(handler: (status: BrokerStatus) => void): () => void;
  /** Puts this device on the directory of a cooperative (replacing its former listing there). Members only. */
  announce(listing: Listing): Promise<void>;
  /** The devices of a cooperative that are known to the broker; `online` is the broker's view. Members only. */
  directory(cooperative: CooperativeId): Promise<readonly DirectoryEntry[]>;
  /** Called when entries of a directory this device has asked for appear or change. */
  onDirectory(handler: (cooperative: CooperativeId, entries: readonly DirectoryEntry[]) => void): () => void;
  /** Encoded roster entries from position `from` on. Anybody who names the cooperative's id. */
  roster(cooperative: CooperativeId, from: number): Promise<readonly Bytes[]>;
  /**
   * Appends an entry when the roster has `position` entries now.
   * @returns false when it has another length (read again, rebuild, retry)
   * @throws RoostError 'refused' when the entry does not verify, 'bad-invite' when its invite is expired or used up
   */
  appendRoster(cooperative: CooperativeId, position: number, entry: Bytes): Promise<boolean>;
  onRoster(handler: (cooperative: CooperativeId, length: number) => void): () => void;
  /** Says which rendezvous ids this device holds heads for, with the cooperative (replaces the former list). */
  announceHoldings(cooperative: CooperativeId, ids: readonly RendezvousId[]): Promise<void>;
  /** Who holds heads for this id, and where. */
  lookup(id: RendezvousId): Promise<readonly Found[]>;
  /** Leaves a copy of a sealed head in the broker's mailbox; the newest per (id, device) is kept. */
  leaveHead(id: RendezvousId, cooperative: CooperativeId, head: Bytes): Promise<void>;
  takeHeads(id: RendezvousId): Promise<readonly Bytes[]>;
  /**
   * STUN and TURN servers for peer connections, as RTCPeerConnection takes them. Credentials last some hours: ask again before
   * each use. Relays are for members: a device that has announced nothing yet gets none.
   */
  iceServers(): Promise<readonly IceServer[]>;
  close(): Promise<void>;
}

export interface BrokerStatus {
  readonly online: boolean;
  /** why not, for people; undefined while online */
  readonly reason: string | undefined;
}

export interface Found {
  readonly cooperative: CooperativeId;
  readonly device: DeviceId;
  readonly online: boolean;
}

/** What a device tells about itself. */
export interface Listing {
  readonly cooperative: CooperativeId;
  /** encoded device certificate (account → device), checked by the broker against the roster */
  readonly certificate: Bytes;
  /** bytes given in all, and bytes not yet promised */
  readonly offered: number;
  readonly free: number;
  readonly storageClass: StorageClass;
  readonly persisted: boolean;
  /** 'chromium' | 'firefox' | 'webkit' | 'nodejs' and 'linux' | 'windows' | 'macos' | 'android' | 'ios' | 'other' */
  readonly family: string;
  readonly system: string;
  /** minutes east of UTC */
  readonly zone: number;
  readonly version: string;
}

export interface DirectoryEntry extends Listing {
  readonly device: DeviceId;
  readonly online: boolean;
  /** 0 to 1: share of the last 30 days online as the broker saw it */
  readonly reliability: number;
  /** hash of the first octets of the address as the broker sees it; equal = same neighbourhood; THIS_COMPUTER over loopback */
  readonly neighbourhood: string;
  readonly seenAt: number;
}
