import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId, RendezvousId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { RosterState } from '../../core/roster/types.ts';
import type { DirectoryEntry, Found } from '../../ports/rendezvous.ts';
import type { SpacePromises } from '../host/promises.ts';
import type { Remote, RequestHandler } from '../session/types.ts';
import type { BookEntry } from './agreement-book.ts';
import { AgreementBook } from './agreement-book.ts';
import { learnAgreements } from './agreeing.ts';
import { findCandidates } from './candidates.ts';
import type { CooperationOptions } from './options.ts';
import { PartnerBook } from './partner-book.ts';
import { SUSPECT_AFTER_MS, partnerView } from './partner-view.ts';
import { agreeWithMany } from './partnering.ts';
import { RosterBook } from './roster-book.ts';
import type { Running } from './running.ts';
import { compose, every } from './running.ts';
import type { Cooperation, LedgerName, Partner } from './types.ts';

/** The roster is asked for this often, in case a notice was lost. */
const ROSTER_INTERVAL_MS = 10 * 60_000;
/** How often partners are looked over for those that have been silent too long. */
const REVIEW_INTERVAL_MS = 60_000;

/** A cooperation that this device takes part in. */
export interface OpenCooperation extends Cooperation {
  /** Answers calls, calls partners, tells the directory. Safe to call again. @throws what `network` throws */
  start(): Promise<void>;
  /** Closes all sessions; the transport and the broker's line stay open. */
  stop(): Promise<void>;
  /** Offer or space changed: the directory is told soon. */
  announce(): Promise<void>;
  /** Compares the roster with the broker's and all connected partners' now; whoever is away is passed over. */
  syncRoster(): Promise<void>;
  /** Who is said to hold heads under an id. @throws RoostError 'unreachable' while the broker is away */
  lookupHolders(id: RendezvousId): Promise<readonly Found[]>;
}

/**
 * Opens what this device knows of its cooperative; a device that knows nothing yet reads the roster from the broker.
 * @throws RoostError 'unreachable' | 'not-found' when there is no roster to be had
 */
export async function createCooperation(options: CooperationOptions): Promise<OpenCooperation> {
  const { platform, identity, cooperative, network } = options;
  const { meta, crypto, log } = platform;
  const roster = await RosterBook.open({ meta, crypto, log, cooperative }, async () => {
    const { rendezvous } = await network();
    return rendezvous.roster(cooperative, 0);
  });
  const self = { device: identity.device, account: identity.keys.account };
  const book = await AgreementBook.open({ meta, crypto, log, cooperative, self });
  return new CooperationOfDevice(options, { roster, book, records: await PartnerBook.open(meta, log) });
}

interface Books {
  readonly roster: RosterBook;
  readonly book: AgreementBook;
  readonly records: PartnerBook;
}

class CooperationOfDevice implements OpenCooperation {
  readonly #options: CooperationOptions;
  readonly #books: Books;
  readonly #handler: RequestHandler;
  readonly #promises: SpacePromises;
  readonly #listeners = new Set<() => void>();
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  #stopped = false;
  #shown = '';

  constructor(options: CooperationOptions, books: Books) {
    this.#options = options;
    this.#books = books;
    const { cooperative, host } = options;
    const { book, roster } = books;
    const onChange = (): void => {
      this.#agreementsChanged();
    };
    const { handler, promises } = host.serve({ cooperative, book, roster, onChange });
    this.#handler = handler;
    this.#promises = promises;
  }

  get roster(): RosterState {
    return this.#books.roster.roster;
  }

  async start(): Promise<void> {
    await this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const running = await this.#starting?.catch(() => undefined);
    if (running) {
      for (const end of running.ends.splice(0)) end();
      running.directory.stop();
      running.reconnect.stop();
      running.sessions.close();
    }
    this.#running = undefined;
    await this.#books.records.settled();
  }

  ledgers(): readonly LedgerName[] {
    return this.#books.book.all().map(({ agreement, theirs, adopted }) => ({
      holder: theirs.device,
      agreement: agreement.id,
      adopted,
    }));
  }

  connected(): readonly Remote[] {
    return this.#running?.sessions.connected() ?? [];
  }

  async session(device: DeviceId, options: Cancellable = {}): Promise<Remote> {
    const { sessions } = await this.#run();
    return sessions.session(device, options);
  }

  partners(): readonly Partner[] {
    const { book } = this.#books;
    return [...book.ruling(), ...book.adopted()]
      .map((entry) => this.#view(entry))
      .sort((a, b) =>
        a.device < b.device ? -1 : a.device > b.device ? 1 : Number(a.adopted) - Number(b.adopted),
      );
  }

  async ensurePartners(bytes: number, { signal }: Cancellable = {}): Promise<readonly Partner[]> {
    const { platform, identity, cooperative } = this.#options;
    const { crypto, clock, log } = platform;
    const { book, records } = this.#books;
    const { account } = identity.keys;
    const { rendezvous, directory, sessions } = await this.#run();
    await directory.refresh();
    const rounds = await findCandidates({
      account,
      roster: this.roster,
      crypto,
      now: clock.now(),
      connected: sessions.connected(),
      agreements: book.ruling(),
      directory: directory.entries(),
      mayBeThere: (device) => {
        if (rendezvous.status.online) return directory.isOnline(device);
        return clock.now() - records.get(device).lastSeenAt < SUSPECT_AFTER_MS;
      },
    });
    const parts = {
      crypto,
      clock,
      log,
      account,
      signer: identity.signer,
      cooperative,
      book,
      promises: this.#promises,
      policy: () => this.roster.policy,
      session: ({ device }: { readonly device: DeviceId }, cancel: NonNullable<Cancellable['signal']>) =>
        sessions.session(device, { signal: cancel }),
    };
    const agreed = await agreeWithMany(parts, rounds, bytes, signal);
    for (const { theirs } of agreed) records.update(theirs.device, { evictedAt: 0 });
    this.#agreementsChanged();
    return agreed.map((entry) => this.#view(entry));
  }

  async adopt(encodedAgreement: Bytes, holder: DeviceId): Promise<Partner> {
    const { book } = this.#books;
    const read = await book.read(encodedAgreement);
    if (read.theirs.device !== holder) {
      throw new RoostError('refused', `agreement must be with holder ${holder}, got ${read.theirs.device}`);
    }
    const entry = await book.add(encodedAgreement);
    this.#agreementsChanged();
    return this.#view(entry);
  }

  async leaveHead(rendezvous: RendezvousId, head: Bytes): Promise<void> {
    const running = await this.#run();
    await running.rendezvous.leaveHead(rendezvous, this.#options.cooperative, head);
  }

  async lookupHolders(id: RendezvousId): Promise<readonly Found[]> {
    const { rendezvous } = await this.#run();
    return rendezvous.lookup(id);
  }

  announce(): Promise<void> {
    this.#running?.directory.announceSoon();
    return Promise.resolve();
  }

  async syncRoster(): Promise<void> {
    const { syncer, sessions } = await this.#run();
    await syncer.withBroker();
    await Promise.all(sessions.connected().map((remote) => syncer.withPartner(remote)));
  }

  onChange(handler: () => void): () => void {
    this.#listeners.add(handler);
    return () => this.#listeners.delete(handler);
  }

  #run(): Promise<Running> {
    if (this.#stopped) return Promise.reject(new RoostError('aborted', 'this cooperation is closed'));
    this.#starting ??= this.#begin().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #begin(): Promise<Running> {
    const { clock } = this.#options.platform;
    const { records, roster, book } = this.#books;
    const { transport, rendezvous } = await this.#options.network();
    const running = compose({
      options: this.#options,
      transport,
      rendezvous,
      roster,
      promises: this.#promises,
      handler: this.#handler,
      onRoster: () => {
        this.#rosterChanged();
      },
      onDirectory: (entries) => {
        this.#directoryChanged(entries);
      },
      onOpened: (remote) => {
        this.#sessionOpened(remote);
      },
      onClosed: (device) => {
        this.#sessionClosed(device);
      },
    });
    this.#running = running;
    const { sessions, syncer, directory, ends } = running;
    const now = clock.now();
    for (const { theirs } of book.ruling()) {
      if (records.get(theirs.device).silentSince === 0) records.update(theirs.device, { silentSince: now });
    }
    ends.push(
      every(clock, ROSTER_INTERVAL_MS, () => void syncer.withBroker()),
      every(clock, REVIEW_INTERVAL_MS, () => {
        for (const { peer } of sessions.connected()) records.update(peer.device, { lastSeenAt: clock.now() });
        this.#changed();
      }),
    );
    directory.start();
    this.#wantPartners();
    void syncer.withBroker();
    return running;
  }

  #sessionOpened(remote: Remote): void {
    const { clock } = this.#options.platform;
    const { device, certificate } = remote.peer;
    this.#books.records.update(device, {
      lastSeenAt: clock.now(),
      silentSince: 0,
      deviceLabel: certificate.label,
    });
    this.#changed();
    void this.#greet(remote);
  }

  /** On each new session: both tell each other roster entries and agreements that one may have missed. */
  async #greet(remote: Remote): Promise<void> {
    const { log, clock } = this.#options.platform;
    const { book, records } = this.#books;
    const { device } = remote.peer;
    await this.#running?.syncer.withPartner(remote);
    try {
      const remembered = await learnAgreements(book, remote);
      records.update(device, { evictedAt: remembered ? 0 : clock.now() });
      if (!remembered) log.warn('network.partner-evicted', { device });
      this.#agreementsChanged();
    } catch (error) {
      log.debug('network.agreements-not-read', { device, fault: faultOf(error), message: messageOf(error) });
    }
  }

  #sessionClosed(device: DeviceId): void {
    const now = this.#options.platform.clock.now();
    this.#books.records.update(device, { lastSeenAt: now, silentSince: now });
    this.#running?.reconnect.soon(device);
    this.#changed();
  }

  #rosterChanged(): void {
    const { roster } = this.#books;
    this.#running?.sessions.closeWhere(
      ({ peer }) => !roster.roster.members.has(peer.account),
      'the account is no member any more',
    );
    this.#wantPartners();
    this.#tell();
  }

  #agreementsChanged(): void {
    this.#running?.directory.announceSoon();
    this.#wantPartners();
    this.#changed();
  }

  #directoryChanged(entries: readonly DirectoryEntry[]): void {
    const { records } = this.#books;
    for (const { device, online, family, system, storageClass, neighbourhood } of entries) {
      if (this.#isPartner(device)) {
        records.update(device, { platform: `${family} on ${system}`, storageClass, neighbourhood });
      }
      if (online && this.#running?.sessions.get(device) === undefined) this.#running?.reconnect.soon(device);
    }
    this.#changed();
  }

  #isPartner(device: DeviceId): boolean {
    return this.#books.book.all().some(({ theirs }) => theirs.device === device);
  }

  #wantPartners(): void {
    const { members } = this.roster;
    const entries = [...this.#books.book.ruling(), ...this.#books.book.adopted()];
    const wanted = entries
      .filter(({ theirs }) => members.has(theirs.account))
      .map(({ theirs }) => theirs.device);
    this.#running?.reconnect.want(new Set(wanted));
  }

  #view(entry: BookEntry): Partner {
    const { platform, identity } = this.#options;
    return partnerView(entry, {
      self: identity.device,
      now: platform.clock.now(),
      roster: this.roster,
      directory: this.#running?.directory,
      records: this.#books.records,
      isConnected: (device) => this.#running?.sessions.get(device) !== undefined,
    });
  }

  /** Tells listeners when partners or sessions look different from what was told last. */
  #changed(): void {
    const shown = JSON.stringify([
      this.connected().map(({ peer }) => peer.device),
      this.partners().map(({ lastSeenAt: _, agreement, ...rest }) => ({ ...rest, agreement: agreement.id })),
    ]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
