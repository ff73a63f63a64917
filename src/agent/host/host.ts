import type { Signer } from '../../core/crypto/suite.ts';
import type { AccountId, CooperativeId, DeviceId } from '../../core/ids.ts';
import type { RosterPolicy } from '../../core/roster/types.ts';
import type { Platform } from '../../ports/platform.ts';
import type { AgreementBook } from '../network/agreement-book.ts';
import type { RosterBook } from '../network/roster-book.ts';
import type { RequestHandler } from '../session/types.ts';
import { AuditDesk } from './audit-desk.ts';
import { HeadShelf } from './head-shelf.ts';
import type { Notice } from './notices.ts';
import { Offers } from './offers.ts';
import { PartnerListShelf } from './partner-list-shelf.ts';
import { SpacePromises } from './promises.ts';
import { ReadRules } from './read-rules.ts';
import { ReportShelf } from './report-shelf.ts';
import { createRequestHandler } from './requests.ts';
import { Scrubber } from './scrubber.ts';
import { ShardStore } from './shard-store.ts';

export interface HostOptions {
  readonly platform: Pick<Platform, 'blobs' | 'meta' | 'crypto' | 'clock' | 'random' | 'log'>;
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
  /** whether nothing is to be agreed with a device, for it broke its word */
  readonly isShunned: (device: DeviceId) => boolean;
  /** a device's proposal has become an agreement */
  readonly onAgreed: (device: DeviceId) => void;
  /** a partner told something of its own accord */
  readonly onNotice: (notice: Notice) => void;
}

/** What others have left here beside shards. */
interface Shelves {
  readonly heads: HeadShelf;
  readonly reports: ReportShelf;
  readonly partnerLists: PartnerListShelf;
}

/** The holder's side of this device: what it keeps for others, and what it has promised. */
export class Host {
  readonly store: ShardStore;
  readonly heads: HeadShelf;
  readonly reports: ReportShelf;
  readonly #options: HostOptions;
  readonly #offer: { bytes: number };
  readonly #shelves: Shelves;
  readonly #scrubber: Scrubber;
  #reads: ReadRules | undefined;
  #promises: SpacePromises | undefined;

  constructor(options: HostOptions, offer: { bytes: number }, store: ShardStore, shelves: Shelves) {
    this.#options = options;
    this.#offer = offer;
    this.store = store;
    this.heads = shelves.heads;
    this.reports = shelves.reports;
    this.#shelves = shelves;
    const { meta, clock, log } = options.platform;
    this.#scrubber = new Scrubber({ store, meta, clock, log });
  }

  /** Begins to serve a cooperative: gives what answers requests, and the promises of space. */
  serve(place: HostPlace): { readonly handler: RequestHandler; readonly promises: SpacePromises } {
    const { platform, identity } = this.#options;
    const { crypto, meta, clock, random, log } = platform;
    const { cooperative, book, roster, isShunned, onAgreed, onChange, onNotice } = place;
    const { store } = this;
    const promises = new SpacePromises({ store, book, clock, offered: () => this.offered });
    const policy = (): RosterPolicy => roster.roster.policy;
    const reads = new ReadRules({ meta, clock, log, book, promises, policy });
    this.#promises = promises;
    this.#reads = reads;
    this.#scrubber.start();
    const self = { device: identity.device, account: identity.keys.account };
    const { signer } = identity;
    const parts = { crypto, meta, clock, random, log, self, signer, cooperative, store, book, roster };
    const handler = createRequestHandler({
      ...parts,
      ...this.#shelves,
      promises,
      reads,
      offers: new Offers({
        ...parts,
        promises,
        reads,
        isShunned,
        onAgreed: (device) => {
          onAgreed(device);
          onChange('agreements');
        },
      }),
      audits: new AuditDesk(parts),
      onHoldings: () => {
        onChange('holdings');
      },
      onNotice,
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
    await this.#reads?.close();
    await this.store.close();
  }
}

/** Opens what this device keeps for others; recovers from a crash (recovery.ts). */
export async function createHost(options: HostOptions): Promise<Host> {
  const { blobs, meta, crypto, clock, log } = options.platform;
  const offer = { bytes: options.offer };
  const store = await ShardStore.open({ blobs, meta, crypto, clock, log, offered: () => offer.bytes });
  const [heads, reports, partnerLists] = await Promise.all([
    HeadShelf.open(meta),
    ReportShelf.open(meta, log),
    PartnerListShelf.open(meta, log),
  ]);
  return new Host(options, offer, store, { heads, reports, partnerLists });
}
