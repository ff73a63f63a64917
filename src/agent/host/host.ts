import type { Signer } from '../../core/crypto/suite.ts';
import type { AccountId, CooperativeId, DeviceId } from '../../core/ids.ts';
import type { Platform } from '../../ports/platform.ts';
import type { AgreementBook } from '../network/agreement-book.ts';
import type { RosterBook } from '../network/roster-book.ts';
import type { RequestHandler } from '../session/types.ts';
import { HeadShelf } from './head-shelf.ts';
import { SpacePromises } from './promises.ts';
import { createRequestHandler } from './requests.ts';
import { Scrubber } from './scrubber.ts';
import { ShardStore } from './shard-store.ts';

export interface HostOptions {
  readonly platform: Pick<Platform, 'blobs' | 'meta' | 'crypto' | 'clock' | 'log'>;
  readonly identity: {
    readonly device: DeviceId;
    readonly keys: { readonly account: AccountId };
    /** the device's key */
    readonly signer: Signer;
  };
  /** bytes given to others in all */
  readonly offer: number;
}

/** What serving needs of the cooperative. */
export interface HostPlace {
  readonly cooperative: CooperativeId;
  readonly book: AgreementBook;
  readonly roster: RosterBook;
  /** an agreement was made, space changed, or a rendezvous id is held for the first time */
  readonly onChange: (what: 'agreements' | 'holdings') => void;
}

/** The holder's side of this device: what it keeps for others, and what it has promised. */
export class Host {
  readonly store: ShardStore;
  readonly heads: HeadShelf;
  readonly #options: HostOptions;
  readonly #offer: { bytes: number };
  readonly #scrubber: Scrubber;
  #promises: SpacePromises | undefined;

  constructor(options: HostOptions, offer: { bytes: number }, store: ShardStore, heads: HeadShelf) {
    this.#options = options;
    this.#offer = offer;
    this.store = store;
    this.heads = heads;
    const { clock, log } = options.platform;
    this.#scrubber = new Scrubber({ store, clock, log });
  }

  /** Begins to serve a cooperative: gives what answers requests, and the promises of space. */
  serve(place: HostPlace): { readonly handler: RequestHandler; readonly promises: SpacePromises } {
    const { platform, identity } = this.#options;
    const { crypto, clock, log } = platform;
    const { store, heads } = this;
    const promises = new SpacePromises({ store, book: place.book, clock, offered: () => this.offered });
    this.#promises = promises;
    this.#scrubber.start();
    const handler = createRequestHandler({
      ...place,
      crypto,
      clock,
      log,
      self: { device: identity.device, account: identity.keys.account },
      signer: identity.signer,
      store,
      heads,
      promises,
    });
    return { handler, promises };
  }

  /** bytes given to others in all */
  get offered(): number {
    return this.#offer.bytes;
  }

  /** Sets the offer. What is held already stays, also when it is more. */
  setOffer(bytes: number): void {
    this.#offer.bytes = bytes;
  }

  /** bytes promised in agreements */
  get promised(): number {
    return this.#promises?.promised ?? 0;
  }

  /** bytes held for others */
  get held(): number {
    return this.store.held;
  }

  /** Bytes held for an account. */
  heldFor(account: AccountId): number {
    return this.#promises?.heldForAccount(account) ?? 0;
  }

  /** Takes nothing new and waits for what is being written. */
  async stop(): Promise<void> {
    await this.#scrubber.stop();
    await this.store.close();
  }
}

/** Opens what this device keeps for others; recovers from a crash (recovery.ts). */
export async function createHost(options: HostOptions): Promise<Host> {
  const { blobs, meta, crypto, clock, log } = options.platform;
  const offer = { bytes: options.offer };
  const store = await ShardStore.open({ blobs, meta, crypto, clock, log, offered: () => offer.bytes });
  return new Host(options, offer, store, await HeadShelf.open(meta));
}
