import type { Bytes } from '../src/core/bytes.ts';
import { RoostError } from '../src/core/errors.ts';
import type { CooperativeId, DeviceId } from '../src/core/ids.ts';
import { encodeReply } from '../src/core/wire/broker.ts';
import { DIRECTORY_PAGE_ENTRIES } from '../src/core/wire/broker-limits.ts';
import type { BrokerRequest } from '../src/core/wire/broker-requests.ts';
import type { BrokerContext } from './broker-context.ts';
import { Directory } from './directory.ts';
import { HeadMailbox } from './head-mailbox.ts';
import { Holdings } from './holdings.ts';
import type { IceServerConfig } from './ice.ts';
import { iceServersFor } from './ice.ts';
import { RateLimit } from './rate-limit.ts';
import { Rosters } from './rosters.ts';

/** Who asks, proved, and where its pushes go. */
export interface Asker {
  readonly device: DeviceId;
  readonly address: string;
  /** From now on tell the asker what changes there. */
  watchDirectory(cooperative: CooperativeId): void;
  watchRoster(cooperative: CooperativeId): void;
}

/** Answers every request of the rendezvous socket. */
export class RendezvousService {
  readonly directory: Directory;
  readonly rosters: Rosters;
  readonly #holdings: Holdings;
  readonly #heads: HeadMailbox;
  readonly #iceServers: readonly IceServerConfig[];
  readonly #foundings: RateLimit;
  readonly #now: () => number;

  private constructor(
    context: BrokerContext,
    rosters: Rosters,
    directory: Directory,
    ice: readonly IceServerConfig[],
  ) {
    const { engine, presence, now, limits } = context;
    this.rosters = rosters;
    this.directory = directory;
    this.#holdings = new Holdings(engine, presence, now);
    this.#heads = new HeadMailbox(engine, now);
    this.#iceServers = ice;
    this.#foundings = new RateLimit(limits.foundings, now);
    this.#now = now;
  }

  static async open(
    context: BrokerContext,
    iceServers: readonly IceServerConfig[],
  ): Promise<RendezvousService> {
    const { engine, suite, presence, now, log } = context;
    const rosters = new Rosters(engine, suite, now);
    const directory = await Directory.open({ engine, suite, rosters, presence, now }, (error) =>
      log.error('directory', { message: String(error) }),
    );
    return new RendezvousService(context, rosters, directory, iceServers);
  }

  /** @returns the encoded reply frame. @throws RoostError */
  async answer(asker: Asker, id: number, request: BrokerRequest): Promise<Bytes> {
    const { device } = asker;
    switch (request.ask) {
      case 'announce':
        await this.directory.announce(device, asker.address, request.listing);
        asker.watchRoster(request.listing.cooperative);
        return encodeReply(id, 'announce', {});
      case 'directory': {
        await this.directory.requireListed(request.cooperative, device);
        // Watched before it is read: what changes meanwhile is told twice rather than never.
        asker.watchDirectory(request.cooperative);
        const page = await this.directory.page(request.cooperative, request.after, DIRECTORY_PAGE_ENTRIES);
        return encodeReply(id, 'directory', page);
      }
      case 'roster':
        asker.watchRoster(request.cooperative);
        return encodeReply(id, 'roster', await this.rosters.page(request.cooperative, request.from));
      case 'append':
        return encodeReply(id, 'append', { appended: await this.#append(asker, request) });
      case 'hold':
        await this.directory.requireListed(request.cooperative, device);
        await this.#holdings.replace(device, request.cooperative, request.ids);
        return encodeReply(id, 'hold', {});
      case 'lookup':
        return encodeReply(id, 'lookup', { found: await this.#holdings.lookup(request.rendezvous) });
      case 'leave-head':
        await this.directory.requireListed(request.cooperative, device);
        await this.#heads.leave(device, request.rendezvous, request.head);
        return encodeReply(id, 'leave-head', {});
      case 'take-heads':
        return encodeReply(id, 'take-heads', await this.#heads.page(request.rendezvous, request.after));
      case 'ice': {
        const member = await this.directory.isAnyMember(device);
        return encodeReply(id, 'ice', {
          servers: iceServersFor(this.#iceServers, device, member, this.#now()),
        });
      }
      default:
        return request satisfies never;
    }
  }

  async #append(asker: Asker, request: Extract<BrokerRequest, { ask: 'append' }>): Promise<boolean> {
    const { cooperative, position, entry } = request;
    if (position === 0 && !this.#foundings.take(asker.device)) {
      throw new RoostError(
        'refused',
        'this device founded too many cooperatives lately; try again in an hour',
      );
    }
    const appended = await this.rosters.append(cooperative, position, entry);
    if (appended) asker.watchRoster(cooperative);
    return appended;
  }
}
