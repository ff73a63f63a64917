import {
  acceptAgreement,
  proposeAgreement,
  verifyAgreement,
  verifyProposal,
} from '../../core/agreement/agreement.ts';
import type { Agreement } from '../../core/agreement/types.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { CryptoSuite, Signer } from '../../core/crypto/suite.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../../core/ids.ts';
import { AGREEMENTS_MAX } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { Limiter } from '../../core/limiter.ts';
import type { AgreementBook } from '../network/agreement-book.ts';
import type { RosterBook } from '../network/roster-book.ts';
import type { Peer } from '../session/types.ts';
import type { SpacePromises } from './promises.ts';
import type { ReadRules } from './read-rules.ts';
import type { ShardStore } from './shard-store.ts';

/** Who has less room than this share of what is asked makes no offer of it. */
const COUNTER_SHARE = 0.25;
/** Space is set aside so long for a counter-proposal that is not accepted. */
const COUNTER_MS = 2 * 60_000;
/** Reads a year that this device takes on: four times what it proposes itself. */
const READS_PER_YEAR_MAX = 64;

/** Each partner costs sessions, audits and attention: a device that everybody likes must not drown. */
const PARTNERS_MAX = 48;
/** One account's devices must not take the places of all others. */
const PARTNERS_OF_ACCOUNT_MAX = 8;
/** Agreements are for a year; ours and a clock that is wrong by one. */
const LIFE_MAX_MS = 2 * 365 * 24 * 3_600_000;

export interface OffersParts {
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: { readonly device: DeviceId; readonly account: AccountId };
  /** the device's key */
  readonly signer: Signer;
  readonly cooperative: CooperativeId;
  readonly store: ShardStore;
  readonly book: AgreementBook;
  readonly roster: RosterBook;
  readonly promises: SpacePromises;
  readonly reads: ReadRules;
  readonly isShunned: (device: DeviceId) => boolean;
  /** an agreement was made */
  readonly onAgreed: (device: DeviceId) => void;
}

/** A counter-proposal of ours that waits for the other side. */
interface Counter {
  readonly id: AgreementId;
  /** gives the space free again */
  readonly drop: () => void;
}

/** Proposals of others: accepted, answered with less, or refused. */
export class Offers {
  readonly #parts: OffersParts;
  readonly #oneByOne = new Limiter(1);
  /** one for each device, in memory only: what a restart forgets was promised to nobody */
  readonly #counters = new Map<DeviceId, Counter>();

  constructor(parts: OffersParts) {
    this.#parts = parts;
  }

  /**
   * Answers a proposal: with the agreement, or with a counter-proposal when there is room for a part only.
   * @throws RoostError 'malformed' | 'corrupt' | 'refused' | 'full'
   */
  propose(peer: Peer, proposal: Bytes): Promise<Bytes> {
    return this.#oneByOne.run(() => this.#propose(peer, proposal));
  }

  /**
   * Takes the agreement that a counter-proposal of ours has become.
   * @throws RoostError 'malformed' | 'corrupt' | 'refused' when it is of no counter-proposal that still stands
   */
  accept(peer: Peer, agreement: Bytes): Promise<void> {
    return this.#oneByOne.run(() => this.#accept(peer, agreement));
  }

  async #propose(peer: Peer, proposal: Bytes): Promise<Bytes> {
    const { crypto, signer, promises } = this.#parts;
    const agreement = await verifyProposal(crypto, proposal);
    this.#checkSides(agreement, peer);
    this.#checkTerms(agreement);
    this.#checkEpoch(agreement, peer);
    this.#counters.get(peer.device)?.drop();
    const asked = agreement.accepter.gives;
    const aside = await promises.setAside(peer.device, asked, Math.ceil(asked * COUNTER_SHARE));
    if (aside.bytes < asked) return this.#counter(peer, agreement, aside);
    try {
      const encoded = await acceptAgreement(crypto, signer, proposal);
      await this.#keep(peer, agreement, encoded);
      return encoded;
    } finally {
      aside.done();
    }
  }

  /** The same terms with sides swapped, and both give less alike. */
  async #counter(
    peer: Peer,
    asked: Agreement,
    aside: { readonly bytes: number; readonly done: () => void },
  ): Promise<Bytes> {
    const { crypto, clock, log, signer } = this.#parts;
    const { device } = peer;
    try {
      const gets = Math.floor((asked.proposer.gives * aside.bytes) / asked.accepter.gives);
      const proposal = await proposeAgreement(crypto, signer, {
        ...asked,
        proposer: { ...asked.accepter, gives: aside.bytes },
        accepter: { ...asked.proposer, gives: gets },
      });
      const { id } = await verifyProposal(crypto, proposal);
      const drop = (): void => {
        cancelTimer();
        aside.done();
        if (this.#counters.get(device)?.id === id) this.#counters.delete(device);
      };
      const cancelTimer = clock.after(COUNTER_MS, drop);
      this.#counters.set(device, { id, drop });
      log.info('host.countered', { device, asked: asked.accepter.gives, gives: aside.bytes });
      return proposal;
    } catch (error) {
      aside.done();
      throw error;
    }
  }

  async #accept(peer: Peer, encoded: Bytes): Promise<void> {
    const { crypto, book } = this.#parts;
    const agreement = await verifyAgreement(crypto, encoded);
    // Told once more, because our answer was lost.
    if (book.get(agreement.id) !== undefined) return;
    const counter = this.#counters.get(peer.device);
    if (counter?.id !== agreement.id) {
      throw new RoostError('refused', 'an agreement must be of a counter-proposal that still stands');
    }
    try {
      this.#checkEpoch(agreement, peer);
      await this.#keep(peer, agreement, encoded);
    } finally {
      counter.drop();
    }
  }

  async #keep(peer: Peer, agreement: Agreement, encoded: Bytes): Promise<void> {
    const { store, book, reads, log, onAgreed } = this.#parts;
    const { device, account } = peer;
    // Before the agreement: a crash in between starts the time a little early, the other way round it would start it late.
    await reads.began(account);
    const { ours, theirs } = await book.add(encoded);
    await book.prune(device, (id) => store.uses(id));
    log.info('host.agreed', { device, gives: ours.gives, gets: theirs.gives, epoch: agreement.epoch });
    onAgreed(device);
  }

  #checkSides(agreement: Agreement, peer: Peer): void {
    const { cooperative, self } = this.#parts;
    const { proposer, accepter } = agreement;
    if (agreement.cooperative !== cooperative)
      throw new RoostError('refused', 'proposal is of another cooperative');
    if (proposer.device !== peer.device || proposer.account !== peer.account) {
      throw new RoostError('refused', 'proposal must name the proposing device and its account');
    }
    if (accepter.device !== self.device || accepter.account !== self.account) {
      throw new RoostError('refused', 'proposal must name this device and its account as the other side');
    }
    if (this.#parts.isShunned(peer.device))
      throw new RoostError(
        'refused',
        'this device agrees on nothing with a member that broke its word lately',
      );
    if (proposer.account === self.account) {
      throw new RoostError('refused', 'devices of one account make no agreements with each other');
    }
  }

  #checkTerms(agreement: Agreement): void {
    const { graceDays, commitmentDays } = this.#parts.roster.roster.policy;
    if (agreement.graceDays !== graceDays || agreement.commitmentDays !== commitmentDays) {
      throw new RoostError(
        'refused',
        `policy is ${graceDays} days of grace and ${commitmentDays} of commitment, ` +
          `got ${agreement.graceDays} and ${agreement.commitmentDays}`,
      );
    }
    const { accepter, expiresAt } = agreement;
    if (accepter.bytesPerSecond > 0)
      throw new RoostError('refused', `this device promises no bandwidth, got ${accepter.bytesPerSecond}`);
    const latest = this.#parts.clock.now() + LIFE_MAX_MS;
    if (expiresAt > latest)
      throw new RoostError('refused', `agreement must end by ${latest}, got ${expiresAt}`);
    if (agreement.readsPerYear > READS_PER_YEAR_MAX) {
      throw new RoostError(
        'refused',
        `reads must be at most ${READS_PER_YEAR_MAX} times the space a year, got ${agreement.readsPerYear}`,
      );
    }
  }

  #checkEpoch({ epoch }: Agreement, { device, account }: Peer): void {
    const { book, store } = this.#parts;
    const former = book.with(device);
    const newest = former[0];
    const partners = book.ruling().filter(({ endedAt }) => endedAt === 0);
    const ofAccount = partners.filter(({ theirs }) => theirs.account === account).length;
    const isNew = newest === undefined || newest.endedAt > 0;
    if (isNew && (partners.length >= PARTNERS_MAX || ofAccount >= PARTNERS_OF_ACCOUNT_MAX)) {
      throw new RoostError('refused', `this device has ${partners.length} partners and takes no more`);
    }
    const inUse = former.filter(({ agreement }) => store.uses(agreement.id)).length;
    if (inUse >= AGREEMENTS_MAX) {
      throw new RoostError(
        'refused',
        `pieces lie under ${inUse} agreements: release those of the oldest first`,
      );
    }
    if (newest && epoch <= newest.agreement.epoch) {
      throw new RoostError('refused', `epoch must be above ${newest.agreement.epoch}, got ${epoch}`);
    }
  }
}
