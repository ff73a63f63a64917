import type { Bytes } from '../src/core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../src/core/errors.ts';
import type { CooperativeId, DeviceId } from '../src/core/ids.ts';
import { deviceIdOfKey } from '../src/core/ids.ts';
import { BROKER_CONTEXTS } from '../src/core/wire/broker-auth.ts';
import {
  brokerFault,
  decodeToBroker,
  encodeChallenge,
  encodeFault,
  encodeRosterPush,
  encodeWelcome,
} from '../src/core/wire/broker.ts';
import type { ToBroker } from '../src/core/wire/broker.ts';
import type { Arrival, BrokerContext } from './broker-context.ts';
import { claim } from './claim.ts';
import { DirectoryPushes } from './directory-pushes.ts';
import type { GuardedSocket, Message } from './guarded-socket.ts';
import { CLOSE } from './guarded-socket.ts';
import { WATCHES_PER_SOCKET } from './limits.ts';
import type { Challenge } from './proof.ts';
import { newChallenge } from './proof.ts';
import { RateLimit } from './rate-limit.ts';
import type { Asker, RendezvousService } from './rendezvous-service.ts';

type Proof = Extract<ToBroker, { type: 'proof' }>;
type Request = Extract<ToBroker, { type: 'request' }>;

interface Session extends Asker {
  readonly rosters: ReadonlySet<string>;
}

/** The rendezvous socket: CBOR requests, replies and pushes. See PROTOCOL.md, "Broker". */
export class RendezvousSockets {
  readonly #context: BrokerContext;
  readonly #service: RendezvousService;
  readonly #rate: RateLimit;
  readonly #sessions = new Map<GuardedSocket, Session>();

  constructor(context: BrokerContext, service: RendezvousService) {
    this.#context = context;
    this.#service = service;
    this.#rate = new RateLimit(context.limits.requests, context.now);
    service.rosters.onGrown((cooperative, length) => this.#rosterGrown(cooperative as CooperativeId, length));
  }

  /** Takes over a socket that asked for the rendezvous path. */
  accept(socket: GuardedSocket, { address, origins }: Arrival): void {
    const { suite, limits } = this.#context;
    const challenge = newChallenge(suite, BROKER_CONTEXTS.rendezvous, origins);
    const timer = setTimeout(() => {
      this.#count('timeout');
      socket.close(CLOSE.unproved, 'no proof of the id in time');
    }, limits.authenticationMs);
    socket.onClose(() => {
      clearTimeout(timer);
      this.#sessions.delete(socket);
    });
    socket.onMessage(async (message) => {
      try {
        const frame = readFrame(message);
        if (frame.type === 'request') await this.#answer(socket, frame);
        else if (this.#sessions.has(socket)) throw new RoostError('malformed', 'the id is proved already');
        else if (await this.#proved(socket, challenge, frame, address)) clearTimeout(timer);
      } catch (error) {
        this.#fail(socket, error);
      }
    });
    socket.send(encodeChallenge(challenge.nonce));
  }

  async #proved(
    socket: GuardedSocket,
    challenge: Challenge,
    proof: Proof,
    address: string,
  ): Promise<boolean> {
    const device = deviceIdOfKey(proof.publicKey);
    const proved = await challenge.provedBy(device, proof.publicKey, proof.signature);
    this.#count(proved ? 'accepted' : 'signature');
    if (!proved) socket.close(CLOSE.unproved, 'the proof does not verify for the origin dialled');
    else if (!socket.closed) await this.#welcome(socket, device, address);
    return proved;
  }

  async #welcome(socket: GuardedSocket, device: DeviceId, address: string): Promise<void> {
    const rosters = new Set<string>();
    const pushes = new DirectoryPushes(this.#context, this.#service.directory, device, (frame) => {
      this.#push(socket, 'directory', frame);
    });
    this.#sessions.set(socket, {
      device,
      address,
      rosters,
      watchDirectory: (cooperative) => pushes.watch(cooperative),
      watchRoster: (cooperative) => {
        if (rosters.size < WATCHES_PER_SOCKET) rosters.add(cooperative);
      },
    });
    socket.onClose(() => pushes.close());
    await claim(this.#context, socket, device, 'rendezvous');
    socket.send(encodeWelcome());
  }

  /** Ends a socket whose frame has no readable id to answer to. */
  #fail(socket: GuardedSocket, error: unknown): void {
    const fault = faultOf(error);
    this.#context.metrics.add('roost_broker_refused_total', { reason: fault });
    if (fault === 'malformed') {
      socket.close(CLOSE.malformed, messageOf(error));
      return;
    }
    this.#context.log.error('rendezvous', { message: messageOf(error) });
    socket.close(CLOSE.restart, 'the broker failed');
  }

  async #answer(socket: GuardedSocket, { id, request }: Request): Promise<void> {
    const session = this.#sessions.get(socket);
    if (session === undefined) throw new RoostError('malformed', 'the first frame must be the proof');
    let result: string = 'done';
    try {
      if (!this.#rate.take(session.device)) throw new RoostError('refused', 'too many requests; slow down');
      socket.send(await this.#service.answer(session, id, request));
    } catch (error) {
      const fault = brokerFault(faultOf(error));
      result = fault;
      if (fault === 'internal')
        this.#context.log.error('request', { ask: request.ask, message: messageOf(error) });
      socket.send(encodeFault(id, fault, fault === 'internal' ? 'the broker failed' : messageOf(error)));
    }
    this.#context.metrics.add('roost_broker_requests_total', { type: request.ask, result });
  }

  #rosterGrown(cooperative: CooperativeId, length: number): void {
    let frame: Bytes | undefined;
    for (const [socket, { rosters }] of this.#sessions) {
      if (!rosters.has(cooperative)) continue;
      frame ??= encodeRosterPush(cooperative, length);
      this.#push(socket, 'roster', frame);
    }
  }

  #push(socket: GuardedSocket, type: 'directory' | 'roster', frame: Bytes): void {
    this.#context.metrics.add('roost_broker_push_total', { type });
    socket.send(frame);
  }

  #count(result: string): void {
    this.#context.metrics.add('roost_broker_proofs_total', { kind: 'rendezvous', result });
  }
}

function readFrame(message: Message): ToBroker {
  if (typeof message === 'string') throw new RoostError('malformed', 'frame must be binary, got text');
  return decodeToBroker(message);
}
