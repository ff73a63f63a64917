import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../../core/ids.ts';
import { ROSTER_MAX_ENTRIES } from '../../core/limits.ts';
import { parseBrokerUrl } from '../../core/wire/broker-auth.ts';
import type { IceServer } from '../../core/wire/broker-records.ts';
import type { BrokerReply, BrokerRequest } from '../../core/wire/broker-requests.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkIdentity } from '../../ports/platform.ts';
import type { Random } from '../../ports/random.ts';
import type { BrokerStatus, DirectoryEntry, Found, Listing, Rendezvous } from '../../ports/rendezvous.ts';
import { AnnouncedState } from './announced-state.ts';
import type { Push } from './broker-connection.ts';
import { BrokerConnection } from './broker-connection.ts';
import { Handlers } from './handlers.ts';
import type { WebSocketConstructor } from './socket.ts';

export interface RendezvousOptions {
  /** address of the broker: http(s) or ws(s), with the folder it is served from if it is not at the root */
  readonly url: string;
  readonly identity: NetworkIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly WebSocket: WebSocketConstructor;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** A connection that lasted this long was good: the next attempt comes soon. */
const GOOD_AFTER_MS = 10_000;
/** What is announced is told again this often: the broker forgets what nobody renews, or may have lost all. */
const RENEW_MS = 12 * 3_600_000;
/** After a refusal (the broker may not have the roster yet) the announcements are tried again. */
const RETRY_MS = 30_000;
/** Pages of a directory or mailbox; more is a broker that never ends. */
const PAGES_MAX = 1000;

/**
 * The broker, by WebSocket. Resolves at once, whether the broker is there or not; `status` tells.
 *
 * @throws RoostError 'malformed' when the address is none
 */
export async function connectRendezvous(options: RendezvousOptions): Promise<Rendezvous> {
  return new RendezvousClient(options);
}

class RendezvousClient implements Rendezvous {
  readonly #options: RendezvousOptions;
  readonly #url: ReturnType<typeof parseBrokerUrl>;
  readonly #announced = new AnnouncedState();
  readonly #statusHandlers: Handlers<[BrokerStatus]>;
  readonly #directoryHandlers: Handlers<[CooperativeId, readonly DirectoryEntry[]]>;
  readonly #rosterHandlers: Handlers<[CooperativeId, number]>;
  #status: BrokerStatus = { online: false, reason: 'connecting' };
  #connection: BrokerConnection | undefined;
  /** settles when the attempt under way has succeeded or failed */
  #attempt: Promise<void> = Promise.resolve();
  #endAttempt: () => void = () => undefined;
  #failures = 0;
  #connectedAt = 0;
  #cancelTimer: () => void = () => undefined;
  #cancelRenewal: () => void = () => undefined;
  #closed = false;

  constructor(options: RendezvousOptions) {
    this.#options = options;
    this.#url = parseBrokerUrl(options.url);
    this.#statusHandlers = new Handlers(options.log);
    this.#directoryHandlers = new Handlers(options.log);
    this.#rosterHandlers = new Handlers(options.log);
    this.#dial();
  }

  get status(): BrokerStatus {
    return this.#status;
  }

  onStatus(handler: (status: BrokerStatus) => void): () => void {
    return this.#statusHandlers.add(handler);
  }

  onDirectory(handler: (cooperative: CooperativeId, entries: readonly DirectoryEntry[]) => void): () => void {
    return this.#directoryHandlers.add(handler);
  }

  onRoster(handler: (cooperative: CooperativeId, length: number) => void): () => void {
    return this.#rosterHandlers.add(handler);
  }

  async announce(listing: Listing): Promise<void> {
    this.#announced.listings.set(listing.cooperative, listing);
    await this.#request({ ask: 'announce', listing });
  }

  async directory(cooperative: CooperativeId): Promise<readonly DirectoryEntry[]> {
    this.#announced.directories.add(cooperative);
    return wholeDirectory(cooperative, (request) => this.#request(request));
  }

  async roster(cooperative: CooperativeId, from: number): Promise<readonly Bytes[]> {
    const entries: Bytes[] = [];
    for (;;) {
      const reply = await this.#request({ ask: 'roster', cooperative, from: from + entries.length });
      entries.push(...reply.entries);
      if (!reply.more || reply.entries.length === 0) break;
      if (from + entries.length > ROSTER_MAX_ENTRIES) {
        throw new RoostError('malformed', `roster must have at most ${ROSTER_MAX_ENTRIES} entries, got more`);
      }
    }
    this.#announced.rosterSeen(cooperative, from + entries.length);
    return entries;
  }

  async appendRoster(cooperative: CooperativeId, position: number, entry: Bytes): Promise<boolean> {
    const { appended } = await this.#request({ ask: 'append', cooperative, position, entry });
    if (appended) this.#announced.rosterSeen(cooperative, position + 1);
    return appended;
  }

  async announceHoldings(cooperative: CooperativeId, ids: readonly RendezvousId[]): Promise<void> {
    this.#announced.holdings.set(cooperative, [...ids]);
    await this.#request({ ask: 'hold', cooperative, ids });
  }

  async lookup(id: RendezvousId): Promise<readonly Found[]> {
    return (await this.#request({ ask: 'lookup', rendezvous: id })).found;
  }

  async leaveHead(id: RendezvousId, cooperative: CooperativeId, head: Bytes): Promise<void> {
    await this.#request({ ask: 'leave-head', rendezvous: id, cooperative, head });
  }

  async takeHeads(id: RendezvousId): Promise<readonly Bytes[]> {
    const heads: Bytes[] = [];
    let after: DeviceId | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const reply = await this.#request({ ask: 'take-heads', rendezvous: id, after });
      heads.push(...reply.heads);
      after = reply.next;
      if (after === undefined) break;
    }
    return heads;
  }

  async iceServers(): Promise<readonly IceServer[]> {
    return (await this.#request({ ask: 'ice' })).servers;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#cancelRenewal();
    this.#connection?.close('closed');
    this.#setStatus({ online: false, reason: 'closed' });
    this.#endAttempt();
  }

  /** While an attempt is under way, waits for its outcome; in between rejects at once. */
  async #request<R extends BrokerRequest>(request: R): Promise<BrokerReply<R['ask']>> {
    if (!this.#status.online) await this.#attempt;
    const connection = this.#connection;
    if (!this.#status.online || connection === undefined) {
      throw new RoostError('unreachable', this.#status.reason ?? 'the broker is away');
    }
    return connection.request(request);
  }

  #dial(): void {
    const { clock, identity, WebSocket } = this.#options;
    this.#attempt = new Promise((resolve) => {
      this.#endAttempt = resolve;
    });
    // A constructor that throws (a URL that the platform refuses) is a failed attempt like any other.
    try {
      const connection: BrokerConnection = new BrokerConnection({
        url: this.#url,
        identity,
        clock,
        WebSocket,
        onPush: (push) => this.#pushed(push),
        onClosed: (reason) => this.#lost(reason),
      });
      this.#connection = connection;
      void connection.welcomed.then(() => this.#welcomed(connection));
    } catch (error) {
      this.#lost(messageOf(error));
    }
  }

  #welcomed(connection: BrokerConnection): void {
    if (this.#closed || this.#connection !== connection) return;
    this.#connectedAt = this.#options.clock.monotonic();
    // Asked before anybody else can ask: the broker answers in order, so what needs a listing finds one.
    this.#announceAgain(connection);
    this.#setStatus({ online: true, reason: undefined });
    this.#endAttempt();
  }

  #lost(reason: string): void {
    this.#connection = undefined;
    this.#cancelRenewal();
    if (this.#closed) return;
    const { clock, random, log } = this.#options;
    const lasted = this.#status.online ? clock.monotonic() - this.#connectedAt : 0;
    this.#failures = lasted >= GOOD_AFTER_MS ? 0 : this.#failures + 1;
    const longest = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.#failures, 10));
    // Between half and all of it, so that devices that lost the broker together do not come back together.
    const wait = longest * (0.5 + random.fraction() / 2);
    log.info('broker-away', { reason, retryMs: Math.round(wait) });
    this.#setStatus({ online: false, reason });
    this.#endAttempt();
    this.#cancelTimer = clock.after(wait, () => this.#dial());
  }

  /** Tells a broker (a new connection, or one that may have forgotten) all that this device announced and watches. */
  #announceAgain(connection: BrokerConnection): void {
    const { clock, log } = this.#options;
    const { listings, holdings, directories, rosters } = this.#announced;
    // In this order: only a listed device may ask the rest.
    const asked = [
      ...[...listings.values()].map((listing) => connection.request({ ask: 'announce', listing })),
      ...[...holdings].map(([cooperative, ids]) => connection.request({ ask: 'hold', cooperative, ids })),
      ...[...directories].map(async (cooperative) => {
        const entries = await wholeDirectory(cooperative, (request) => connection.request(request));
        this.#directoryHandlers.call(cooperative, entries);
      }),
      ...[...rosters].map(async ([cooperative, from]) => {
        const { entries } = await connection.request({ ask: 'roster', cooperative, from });
        if (entries.length > 0) this.#rosterGrown(cooperative, from + entries.length);
      }),
    ];
    void Promise.allSettled(asked).then((results) => {
      if (this.#connection !== connection) return;
      const failed = (results as readonly PromiseSettledResult<unknown>[]).filter(
        (result) => result.status === 'rejected',
      );
      for (const { reason } of failed)
        log.warn('announce-again', { fault: faultOf(reason), reason: messageOf(reason) });
      this.#cancelRenewal = clock.after(failed.length > 0 ? RETRY_MS : RENEW_MS, () => {
        this.#announceAgain(connection);
      });
    });
  }

  #pushed(push: Push): void {
    if (push.type === 'directory') this.#directoryHandlers.call(push.cooperative, push.entries);
    else this.#rosterGrown(push.cooperative, push.length);
  }

  #rosterGrown(cooperative: CooperativeId, length: number): void {
    this.#announced.rosterSeen(cooperative, length);
    this.#rosterHandlers.call(cooperative, length);
  }

  #setStatus(status: BrokerStatus): void {
    const { online, reason } = this.#status;
    if (status.online === online && status.reason === reason) return;
    this.#status = status;
    this.#statusHandlers.call(status);
  }
}

async function wholeDirectory(
  cooperative: CooperativeId,
  ask: (request: Extract<BrokerRequest, { ask: 'directory' }>) => Promise<BrokerReply<'directory'>>,
): Promise<readonly DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  let after: DeviceId | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const reply = await ask({ ask: 'directory', cooperative, after });
    entries.push(...reply.entries);
    after = reply.next;
    if (after === undefined) break;
  }
  return entries;
}
