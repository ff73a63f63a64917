import type { Bytes } from '../../core/bytes.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../../core/ids.ts';
import type { IceServer } from '../../core/wire/broker-records.ts';
import type { BrokerStatus, DirectoryEntry, Found, Listing, Rendezvous } from '../../ports/rendezvous.ts';
import type { Life } from './life.ts';
import type { BrokerClient, MemoryBroker } from './memory-broker.ts';
import { brokerAway } from './memory-broker.ts';

type Handlers<Arguments extends readonly unknown[]> = Set<(...values: Arguments) => void>;

function add<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

/** A simulated device's line to the simulated broker. */
export class MemoryRendezvous implements Rendezvous, BrokerClient {
  readonly device: DeviceId;
  readonly neighbourhood: string;
  readonly #broker: MemoryBroker;
  readonly #life: Life;
  readonly #canReach: () => boolean;
  readonly #statusHandlers: Handlers<[BrokerStatus]> = new Set();
  readonly #directoryHandlers: Handlers<[CooperativeId, readonly DirectoryEntry[]]> = new Set();
  readonly #rosterHandlers: Handlers<[CooperativeId, number]> = new Set();
  readonly #listings = new Map<CooperativeId, Listing>();
  readonly #holdings = new Map<CooperativeId, readonly RendezvousId[]>();
  readonly #watched = new Set<CooperativeId>();
  #online = false;
  #closed = false;

  constructor(
    broker: MemoryBroker,
    life: Life,
    device: DeviceId,
    options: { readonly neighbourhood: string; readonly canReach: () => boolean },
  ) {
    this.#broker = broker;
    this.#life = life;
    this.device = device;
    this.neighbourhood = options.neighbourhood;
    this.#canReach = options.canReach;
    life.onEnd(() => this.#leave());
    broker.call(this);
    this.review();
  }

  get status(): BrokerStatus {
    return { online: this.#online, reason: this.#online ? undefined : 'the simulated broker is away' };
  }

  onStatus(handler: (status: BrokerStatus) => void): () => void {
    return add(this.#statusHandlers, handler);
  }

  onDirectory(handler: (cooperative: CooperativeId, entries: readonly DirectoryEntry[]) => void): () => void {
    return add(this.#directoryHandlers, handler);
  }

  onRoster(handler: (cooperative: CooperativeId, length: number) => void): () => void {
    return add(this.#rosterHandlers, handler);
  }

  announce(listing: Listing): Promise<void> {
    this.#listings.set(listing.cooperative, listing);
    return this.#ask(() => this.#broker.announce(this, listing));
  }

  directory(cooperative: CooperativeId): Promise<readonly DirectoryEntry[]> {
    this.#watched.add(cooperative);
    return this.#ask(() => {
      this.#broker.watch(this, cooperative);
      return this.#broker.directory(cooperative);
    });
  }

  roster(cooperative: CooperativeId, from: number): Promise<readonly Bytes[]> {
    return this.#ask(() => this.#broker.roster(this, cooperative, from));
  }

  appendRoster(cooperative: CooperativeId, position: number, entry: Bytes): Promise<boolean> {
    return this.#ask(() => this.#broker.appendRoster(cooperative, position, entry));
  }

  announceHoldings(cooperative: CooperativeId, ids: readonly RendezvousId[]): Promise<void> {
    this.#holdings.set(cooperative, [...ids]);
    return this.#ask(() => this.#broker.announceHoldings(this, cooperative, ids));
  }

  lookup(id: RendezvousId): Promise<readonly Found[]> {
    return this.#ask(() => this.#broker.lookup(id));
  }

  leaveHead(id: RendezvousId, _cooperative: CooperativeId, head: Bytes): Promise<void> {
    return this.#ask(() => this.#broker.leaveHead(this, id, head));
  }

  takeHeads(id: RendezvousId): Promise<readonly Bytes[]> {
    return this.#ask(() => this.#broker.takeHeads(id));
  }

  /** Simulated links need no help to be found. */
  iceServers(): Promise<readonly IceServer[]> {
    return this.#ask(() => []);
  }

  async close(): Promise<void> {
    this.#leave();
    await Promise.resolve();
  }

  rosterChanged(cooperative: CooperativeId, length: number): void {
    this.#tell(this.#rosterHandlers, cooperative, length);
  }

  directoryChanged(cooperative: CooperativeId, entries: readonly DirectoryEntry[]): void {
    // Told by a timer of the broker already, a thousand devices at once: each needs no turn of its own.
    if (!this.#watched.has(cooperative) || !this.#life.alive || this.#closed) return;
    for (const handler of [...this.#directoryHandlers]) handler(cooperative, entries);
  }

  statusChanged(): void {
    this.review();
  }

  /** Looks whether the broker can be reached now; tells it everything again when it can be reached again. */
  review(): void {
    const online = !this.#closed && this.#life.alive && this.#broker.online && this.#canReach();
    if (online === this.#online) return;
    this.#online = online;
    if (online) {
      this.#broker.connect(this);
      for (const listing of this.#listings.values()) this.#broker.announce(this, listing);
      for (const [cooperative, ids] of this.#holdings) this.#broker.announceHoldings(this, cooperative, ids);
      for (const cooperative of this.#watched) this.#broker.watch(this, cooperative);
    } else if (this.#broker.online) this.#broker.disconnect(this);
    this.#tell(this.#statusHandlers, this.status);
  }

  #leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#online = false;
    this.#broker.hangUp(this);
    this.#broker.disconnect(this);
  }

  /** Handlers run later, as they would after a message over the wire. */
  #tell<Arguments extends readonly unknown[]>(handlers: Handlers<Arguments>, ...values: Arguments): void {
    void Promise.resolve().then(() => {
      if (!this.#life.alive || this.#closed) return;
      for (const handler of [...handlers]) handler(...values);
    });
  }

  async #ask<T>(answer: () => T): Promise<T> {
    this.#life.check();
    await Promise.resolve();
    if (!this.#online) throw brokerAway();
    const result = answer();
    await Promise.resolve();
    this.#life.check();
    return result;
  }
}
