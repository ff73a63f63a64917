import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId, RendezvousId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { RosterState } from '../../core/roster/types.ts';
import type { DirectoryEntry, Found } from '../../ports/rendezvous.ts';
import type { Notice } from '../host/notices.ts';
import type { SpacePromises } from '../host/promises.ts';
import type { Remote, RequestHandler } from '../session/types.ts';
import type { BookEntry } from './agreement-book.ts';
import { AgreementBook } from './agreement-book.ts';
import { learnAgreements } from './agreeing.ts';
import type { CooperationOptions } from './options.ts';
import type { StandingEvent } from '../../core/partnership/state.ts';
import { Standings } from '../partners/standings.ts';
import type { Transition } from '../partners/standings.ts';
import { PartnerBook } from './partner-book.ts';
import type { PartnerSources } from './partner-view.ts';
import { PartnerNotes } from './partner-notes.ts';
import { PartnerSearch } from './partner-search.ts';
import { isShunned } from './ranking.ts';
import { partnerView } from './partner-view.ts';
import { RosterBook } from './roster-book.ts';
import type { Running } from './running.ts';
import { compose, every } from './running.ts';
import type { Cooperation, LedgerName, Partner, ReachOptions } from './types.ts';

/** The roster is asked for this often, in case a notice was lost; so often it is noted who is connected, in case this device crashes. */
const FALLBACK_INTERVAL_MS = 3_600_000;

/** Partners in good standing are asked this often at most which agreements they know. */
const COMPARE_INTERVAL_MS = 14 * 24 * 3_600_000;
/** The partner's clock said when an agreement was made. */
const ARRIVES_WITHIN_MS = 3_600_000;

/** A cooperation that this device takes part in. */
export interface OpenCooperation extends Cooperation {
  /** What is remembered of partners, and the agreements with them. */
  readonly records: PartnerBook;
  readonly agreements: AgreementBook;
  /** Whether the silence of others can be held against them: the broker introduces, and somebody is connected. */
  readonly inReach: boolean;
  /** What the broker tells of a device; undefined for one that it does not list, and before the start. */
  listed(device: DeviceId): DirectoryEntry | undefined;
  /** Something was learned of a partner. */
  judge(device: DeviceId, event: StandingEvent): void;
  onTransition(handler: (transition: Transition) => void): () => void;
  /** A partner is connected and has been greeted. */
  onGreeted(handler: (remote: Remote) => void): () => void;
  onNotice(handler: (notice: Notice) => void): () => void;
  /** Makes the agreement with a partner anew when it ends soon; otherwise does nothing. @throws what `agreeWith` throws */
  renewAgreement(remote: Remote): Promise<void>;
  /** Ends the agreements with a device at once. */
  endAgreements(device: DeviceId): Promise<void>;
  /** Answers calls, calls partners, tells the directory. Safe to call again. @throws what `network` throws */
  start(): Promise<void>;
  /** Closes all sessions, so that what waits for a partner fails now, and opens none any more. */
  hangUp(): Promise<void>;
  /** Hangs up, and writes what is remembered of partners; the transport and the broker's line stay open. */
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
  readonly #search: PartnerSearch;
  readonly #standings: Standings;
  readonly #listeners = new Set<() => void>();
  readonly #onTransition = new Set<(transition: Transition) => void>();
  readonly notes: PartnerNotes;
  readonly #onGreeted = new Set<(remote: Remote) => void>();
  readonly #onNotice = new Set<(notice: Notice) => void>();
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  /** settles when the broker's roster was read after the start, or could not be */
  #rosterRead: Promise<void> = Promise.resolve();
  #stopped = false;
  #telling = false;

  constructor(options: CooperationOptions, books: Books) {
    this.#options = options;
    this.#books = books;
    const { cooperative, host } = options;
    const { book, roster } = books;
    const onChange = (): void => {
      this.#agreementsChanged();
    };
    const onNotice = (notice: Notice): void => {
      for (const listener of [...this.#onNotice]) listener(notice);
    };
    const { handler, promises } = host.serve({
      cooperative,
      book,
      roster,
      isShunned: (device) => isShunned(books.records, device, options.platform.clock.now()),
      onAgreed: (device) => {
        this.#agreedWith(device);
      },
      onChange,
      onNotice,
    });
    this.#handler = handler;
    this.#promises = promises;
    this.notes = new PartnerNotes(books.records);
    this.#search = new PartnerSearch({
      options,
      ...books,
      promises,
      standing: () => this.partners().filter(({ state, adopted }) => state === 'active' && !adopted),
    });
    this.#standings = new Standings({
      records: books.records,
      agreements: book,
      clock: options.platform.clock,
      onTransition: (transition) => {
        for (const listener of [...this.#onTransition]) listener(transition);
        this.#changed();
      },
    });
  }

  get records(): PartnerBook {
    return this.#books.records;
  }

  get agreements(): AgreementBook {
    return this.#books.book;
  }

  get brokerOnline(): boolean {
    return this.#running?.rendezvous.status.online === true;
  }

  get inReach(): boolean {
    return this.brokerOnline && this.#running?.sessions.any === true;
  }

  listed(device: DeviceId): DirectoryEntry | undefined {
    return this.#running?.directory.get(device);
  }

  judge(device: DeviceId, event: StandingEvent): void {
    this.#standings.apply(device, event);
  }

  onTransition(handler: (transition: Transition) => void): () => void {
    return addTo(this.#onTransition, handler);
  }

  onGreeted(handler: (remote: Remote) => void): () => void {
    return addTo(this.#onGreeted, handler);
  }

  onNotice(handler: (notice: Notice) => void): () => void {
    return addTo(this.#onNotice, handler);
  }

  async endAgreements(device: DeviceId): Promise<void> {
    await this.#books.book.end(device, this.#options.platform.clock.now());
    this.#agreementsChanged();
  }

  get roster(): RosterState {
    return this.#books.roster.roster;
  }

  async start(): Promise<void> {
    await this.#run();
  }

  async stop(): Promise<void> {
    await this.hangUp();
    await this.#books.records.settled();
  }

  async hangUp(): Promise<void> {
    this.#stopped = true;
    const running = await this.#starting?.catch(() => undefined);
    if (running) {
      for (const end of running.ends.splice(0)) end();
      running.directory.stop();
      running.reconnect.stop();
      running.sessions.close();
    }
    this.#running = undefined;
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
    const sources = this.#sources();
    return [...book.ruling(), ...book.adopted()]
      .map((entry) => partnerView(entry, sources))
      .sort((a, b) =>
        a.device < b.device ? -1 : a.device > b.device ? 1 : Number(a.adopted) - Number(b.adopted),
      );
  }

  async ensurePartners(
    bytes: number,
    { signal, atLeast = 0, onReached }: ReachOptions = {},
  ): Promise<readonly Partner[]> {
    const { book, records } = this.#books;
    const running = await this.#run();
    // Only members are asked, and those who joined since the last time are on the broker's roster alone.
    await Promise.all([running.directory.refresh(), this.#rosterRead]);
    // Who has lost what it knew may have learned the old terms from us: nothing is put under those again.
    for (const { theirs, endedAt } of book.ruling()) {
      if (endedAt === 0 && records.get(theirs.device).standing.state === 'evicted') {
        await this.endAgreements(theirs.device);
      }
    }
    const found = await this.#search.find(running, bytes, { atLeast, signal, onReached });
    for (const { entry, fresh } of found) if (fresh) this.judge(entry.theirs.device, { kind: 'agreed' });
    this.#agreementsChanged();
    return found.map(({ entry }) => this.#view(entry)).filter(({ state }) => state === 'active');
  }

  async renewAgreement(remote: Remote): Promise<void> {
    if (await this.#search.renew(remote)) this.#agreementsChanged();
  }

  async adopt(encodedAgreement: Bytes, holder: DeviceId): Promise<Partner> {
    const { book } = this.#books;
    const known = book.find(encodedAgreement);
    const read = known ?? (await book.read(encodedAgreement));
    if (read.theirs.device !== holder) {
      throw new RoostError('refused', `agreement must be with holder ${holder}, got ${read.theirs.device}`);
    }
    if (known !== undefined) return this.#view(known);
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

  traffic(): number {
    return this.#running?.traffic.bytes ?? 0;
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
    const { records, roster } = this.#books;
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
    ends.push(
      every(clock, FALLBACK_INTERVAL_MS, () => {
        this.#wantPartners();
        void syncer.withBroker();
        void syncer.withOldestOf(sessions.connected());
        for (const { peer } of sessions.connected()) records.note(peer.device, { lastSeenAt: clock.now() });
      }),
    );
    directory.start();
    this.#wantPartners();
    this.#rosterRead = syncer.withBroker();
    return running;
  }

  #sessionOpened(remote: Remote): void {
    const { clock } = this.#options.platform;
    const { device, certificate } = remote.peer;
    const { records } = this.#books;
    records.note(device, { lastSeenAt: clock.now() });
    records.update(device, { deviceLabel: certificate.label });
    this.#changed();
    void this.#greet(remote);
  }

  /** On each new session: both tell each other roster entries and agreements that one may have missed. */
  async #greet(remote: Remote): Promise<void> {
    const { log } = this.#options.platform;
    const { device } = remote.peer;
    await this.#running?.syncer.withPartnerSometimes(remote);
    try {
      if (this.#mayHaveForgotten(device)) await this.#compareAgreements(remote);
      for (const listener of [...this.#onGreeted]) listener(remote);
    } catch (error) {
      log.debug('network.agreements-not-read', { device, fault: faultOf(error), message: messageOf(error) });
    }
  }

  /** What a partner lost with its records shows in the next audit, too. */
  #mayHaveForgotten(device: DeviceId): boolean {
    const { book, records } = this.#books;
    const { comparedAt, standing } = records.get(device);
    const since = this.#options.platform.clock.now() - comparedAt;
    const lately = since >= 0 && since < COMPARE_INTERVAL_MS;
    return !lately || standing.state !== 'active' || book.with(device).length === 0;
  }

  async #compareAgreements(remote: Remote): Promise<void> {
    const { log, clock } = this.#options.platform;
    const { book, records } = this.#books;
    const { device } = remote.peer;
    const remembered = await learnAgreements(book, remote);
    const ruling = book.with(device)[0];
    // One that was signed a moment ago may not have arrived there, and is being learned from us at this very time.
    const mayNotKnowYet =
      !remembered &&
      ruling !== undefined &&
      Math.abs(clock.now() - ruling.agreement.madeAt) < ARRIVES_WITHIN_MS;
    records.note(device, { comparedAt: mayNotKnowYet ? 0 : clock.now() });
    if (!remembered && !mayNotKnowYet && ruling?.endedAt === 0) {
      log.warn('network.partner-forgot', { device });
      this.judge(device, { kind: 'evicted' });
    }
    this.#agreementsChanged();
  }

  /** Its proposal: what ended before is over with it. That we are leaving, or it, is not. */
  #agreedWith(device: DeviceId): void {
    const { state } = this.#books.records.get(device).standing;
    if (state === 'reneged' || state === 'evicted') this.judge(device, { kind: 'agreed' });
  }

  #sessionClosed(device: DeviceId): void {
    const now = this.#options.platform.clock.now();
    this.#books.records.note(device, { lastSeenAt: now });
    this.#running?.reconnect.closed(device);
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
    for (const { theirs } of this.#books.book.ruling()) {
      // The list that it was found in was told before it was a partner, and may not change for weeks.
      if (this.#books.records.get(theirs.device).storageClass === '') this.#noteListing(theirs.device);
    }
    this.#wantPartners();
    this.#changed();
  }

  #directoryChanged(entries: readonly DirectoryEntry[]): void {
    const { book } = this.#books;
    const running = this.#running;
    const { device: self } = this.#options.identity;
    let seen = false;
    for (const { device, online, neighbourhood } of entries) {
      if (device === self) {
        seen = true;
        this.#books.records.update(self, { neighbourhood });
      }
      if (!book.knows(device)) continue;
      seen = true;
      this.#noteListing(device);
      if (online && running?.sessions.get(device) === undefined) running?.reconnect.soon(device);
    }
    if (seen) this.#changed();
  }

  /** What the broker lists of a partner outlasts the list: what is expected of it goes by its kind of storage. */
  #noteListing(device: DeviceId): void {
    const listed = this.#running?.directory.get(device);
    if (listed === undefined) return;
    const { family, system, storageClass, neighbourhood } = listed;
    this.#books.records.update(device, { platform: `${family} on ${system}`, storageClass, neighbourhood });
  }

  #wantPartners(): void {
    const { members } = this.roster;
    const entries = [...this.#books.book.ruling(), ...this.#books.book.adopted()];
    const wanted = entries
      .filter(({ theirs, endedAt }) => members.has(theirs.account) && endedAt === 0)
      .map(({ theirs }) => theirs.device);
    this.#running?.reconnect.want(new Set(wanted));
  }

  #view(entry: BookEntry): Partner {
    return partnerView(entry, this.#sources());
  }

  #sources(): PartnerSources {
    const { platform, identity } = this.#options;
    return {
      self: identity.device,
      now: platform.clock.now(),
      roster: this.roster,
      directory: this.#running?.directory,
      records: this.#books.records,
      isConnected: (device) => this.#running?.sessions.get(device) !== undefined,
    };
  }

  /** Something may look different: whatever happens in one turn is told once. */
  #changed(): void {
    if (this.#telling) return;
    this.#telling = true;
    void Promise.resolve().then(() => {
      this.#telling = false;
      this.#tell();
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function addTo<T>(handlers: Set<T>, handler: T): () => void {
  handlers.add(handler);
  return () => void handlers.delete(handler);
}
