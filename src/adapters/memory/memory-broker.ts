import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../../core/ids.ts';
import type { History } from '../../core/placement/reliability.ts';
import { EMPTY_HISTORY, reliabilityOf, withOnline } from '../../core/placement/reliability.ts';
import type { DirectoryEntry, Found, Listing } from '../../ports/rendezvous.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Changes of a directory are gathered so long and told together, as the real broker does. */
export const GATHER_MS = 200;

/** A device connected to the broker, as the broker sees it. */
export interface BrokerClient {
  readonly device: DeviceId;
  readonly neighbourhood: string;
  rosterChanged(cooperative: CooperativeId, length: number): void;
  directoryChanged(cooperative: CooperativeId, entries: readonly DirectoryEntry[]): void;
  /** The broker went away or came back. */
  statusChanged(online: boolean): void;
}

interface Listed {
  readonly listing: Listing;
  readonly neighbourhood: string;
  seenAt: number;
  /** as members are shown it, made once for all of them; undefined since it changed */
  entry: DirectoryEntry | undefined;
}

interface Place {
  roster: Bytes[];
  readonly listings: Map<DeviceId, Listed>;
  /** devices that asked for the directory */
  readonly watchers: Set<DeviceId>;
  /** devices whose entries changed and that watchers are told of soon */
  readonly changed: Set<DeviceId>;
  readonly holdings: Map<DeviceId, ReadonlySet<RendezvousId>>;
}

/**
 * The simulated broker. It checks positions of roster entries and nothing else unless `checkEntry` is set: that its members
 * can live with such a broker is what simulations are to show.
 */
export class MemoryBroker {
  /** May reject an entry before it is appended. @throws RoostError */
  checkEntry: ((roster: readonly Bytes[], entry: Bytes) => void) | undefined;
  /** What of a roster a device is shown; a lying broker hides or swaps entries. */
  showRoster: (roster: readonly Bytes[], cooperative: CooperativeId, to: DeviceId) => readonly Bytes[] = (
    roster,
  ) => roster;

  readonly #clock: VirtualClock;
  readonly #clients = new Map<DeviceId, BrokerClient>();
  /** everybody who wants to be connected, whether they are or not */
  readonly #callers = new Set<BrokerClient>();
  readonly #places = new Map<CooperativeId, Place>();
  readonly #mailbox = new Map<RendezvousId, Map<DeviceId, Bytes>>();
  /** when devices were online, and since when those that are have been */
  readonly #histories = new Map<DeviceId, { readonly days: History; readonly since: number | undefined }>();
  readonly #startedAt: number;
  #online = true;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  get online(): boolean {
    return this.#online;
  }

  down(): void {
    if (!this.#online) return;
    this.#online = false;
    for (const caller of [...this.#callers]) caller.statusChanged(false);
  }

  up(): void {
    if (this.#online) return;
    this.#online = true;
    for (const caller of [...this.#callers]) caller.statusChanged(true);
  }

  /** Loses everything it knew; devices that stay connected tell it again when it comes `up`. */
  forget(): void {
    for (const { changed } of this.#places.values()) changed.clear();
    this.#places.clear();
    this.#mailbox.clear();
  }

  /** Entries of a roster as they are. */
  rosterOf(cooperative: CooperativeId): readonly Bytes[] {
    return this.#places.get(cooperative)?.roster ?? [];
  }

  /** Tells a device from now on when the broker goes and comes, also one that starts while it is away. */
  call(client: BrokerClient): void {
    this.#callers.add(client);
  }

  hangUp(client: BrokerClient): void {
    this.#callers.delete(client);
  }

  connect(client: BrokerClient): void {
    this.#clients.set(client.device, client);
    this.#presenceChanged(client.device);
  }

  disconnect(client: BrokerClient): void {
    if (this.#clients.get(client.device) !== client) return;
    this.#clients.delete(client.device);
    this.#presenceChanged(client.device);
  }

  announce(client: BrokerClient, listing: Listing): void {
    const place = this.#place(listing.cooperative);
    const certificate = place.listings.get(client.device)?.listing.certificate ?? listing.certificate;
    place.listings.set(client.device, {
      // The same bytes stay the same object: a thousand devices compare it with what they know.
      listing: equalBytes(certificate, listing.certificate) ? { ...listing, certificate } : listing,
      seenAt: this.#clock.now(),
      neighbourhood: client.neighbourhood,
      entry: undefined,
    });
    this.#entryChanged(listing.cooperative, place, client.device);
  }

  /** Tells a device of changes from now on. */
  watch(client: BrokerClient, cooperative: CooperativeId): void {
    this.#place(cooperative).watchers.add(client.device);
  }

  directory(cooperative: CooperativeId): readonly DirectoryEntry[] {
    const place = this.#place(cooperative);
    return [...place.listings.keys()].sort().flatMap((device) => this.#entry(place, device));
  }

  roster(client: BrokerClient, cooperative: CooperativeId, from: number): readonly Bytes[] {
    const shown = this.showRoster(this.rosterOf(cooperative), cooperative, client.device);
    return shown.slice(from).map((entry) => entry.slice());
  }

  appendRoster(cooperative: CooperativeId, position: number, entry: Bytes): boolean {
    const place = this.#place(cooperative);
    if (place.roster.length !== position) return false;
    this.checkEntry?.(place.roster, entry);
    place.roster.push(entry.slice());
    for (const client of this.#clients.values()) client.rosterChanged(cooperative, place.roster.length);
    return true;
  }

  announceHoldings(client: BrokerClient, cooperative: CooperativeId, ids: readonly RendezvousId[]): void {
    this.#place(cooperative).holdings.set(client.device, new Set(ids));
  }

  lookup(id: RendezvousId): readonly Found[] {
    const found: Found[] = [];
    for (const [cooperative, place] of this.#places) {
      for (const [device, ids] of place.holdings) {
        if (ids.has(id)) found.push({ cooperative, device, online: this.#clients.has(device) });
      }
    }
    return found.sort((a, b) => (a.device < b.device ? -1 : 1));
  }

  leaveHead(client: BrokerClient, id: RendezvousId, head: Bytes): void {
    const heads = this.#mailbox.get(id) ?? new Map<DeviceId, Bytes>();
    heads.set(client.device, head.slice());
    this.#mailbox.set(id, heads);
  }

  takeHeads(id: RendezvousId): readonly Bytes[] {
    return [...(this.#mailbox.get(id)?.values() ?? [])].map((head) => head.slice());
  }

  #entry(place: Place, device: DeviceId): DirectoryEntry[] {
    const known = place.listings.get(device);
    if (known === undefined) return [];
    known.entry ??= {
      ...known.listing,
      device,
      online: this.#clients.has(device),
      reliability: this.#reliabilityOf(device),
      neighbourhood: known.neighbourhood,
      seenAt: known.seenAt,
    };
    return [known.entry];
  }

  #historyOf(device: DeviceId): History {
    const known = this.#histories.get(device);
    if (known?.since === undefined) return known?.days ?? EMPTY_HISTORY;
    return withOnline(known.days, known.since, this.#clock.now());
  }

  /** As the real broker has it; that this one was away for a while it does not take into account. */
  #reliabilityOf(device: DeviceId): number {
    const now = this.#clock.now();
    return reliabilityOf(this.#historyOf(device), withOnline(EMPTY_HISTORY, this.#startedAt, now), now);
  }

  #presenceChanged(device: DeviceId): void {
    const since = this.#clients.has(device) ? this.#clock.now() : undefined;
    this.#histories.set(device, { days: this.#historyOf(device), since });
    for (const [cooperative, place] of this.#places) {
      const known = place.listings.get(device);
      if (known === undefined) continue;
      known.seenAt = this.#clock.now();
      known.entry = undefined;
      this.#entryChanged(cooperative, place, device);
    }
  }

  #entryChanged(cooperative: CooperativeId, place: Place, device: DeviceId): void {
    const gathering = place.changed.size > 0;
    place.changed.add(device);
    if (gathering) return;
    this.#clock.after(GATHER_MS, () => {
      const entries = [...place.changed].flatMap((each) => this.#entry(place, each));
      place.changed.clear();
      // Whoever connects again asks for the whole list.
      if (this.#online && entries.length > 0) this.#tellWatchers(cooperative, place, entries);
    });
  }

  #tellWatchers(cooperative: CooperativeId, place: Place, entries: readonly DirectoryEntry[]): void {
    for (const watcher of place.watchers) {
      const others = entries.some(({ device }) => device === watcher)
        ? entries.filter(({ device }) => device !== watcher)
        : entries;
      if (others.length > 0) this.#clients.get(watcher)?.directoryChanged(cooperative, others);
    }
  }

  #place(cooperative: CooperativeId): Place {
    let place = this.#places.get(cooperative);
    if (place === undefined) {
      place = {
        roster: [],
        listings: new Map(),
        watchers: new Set(),
        changed: new Set(),
        holdings: new Map(),
      };
      this.#places.set(cooperative, place);
    }
    return place;
  }
}

/** What a call rejects with while the broker cannot be reached. */
export function brokerAway(): RoostError {
  return new RoostError('unreachable', 'the simulated broker does not answer');
}
