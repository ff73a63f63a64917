import { RoostError, faultOf, messageOf } from '../src/core/errors.ts';
import type { DeviceId } from '../src/core/ids.ts';
import { deviceIdOfKey, parseDeviceId } from '../src/core/ids.ts';
import { decodeUtf8, encodeUtf8 } from '../src/core/utf8.ts';
import { BROKER_CONTEXTS } from '../src/core/wire/broker-auth.ts';
import { fromBase64url, toBase64url } from '../src/core/wire/broker-base64.ts';
import type { Arrival, BrokerContext } from './broker-context.ts';
import { claim } from './claim.ts';
import type { GuardedSocket } from './guarded-socket.ts';
import { CLOSE } from './guarded-socket.ts';
import { OfferMailbox } from './offer-mailbox.ts';
import type { PeerMessage, Signal } from './peerjs-messages.ts';
import { readPeerMessage } from './peerjs-messages.ts';
import type { Challenge } from './proof.ts';
import { newChallenge } from './proof.ts';
import { RateLimit } from './rate-limit.ts';

/** PeerJS's default, public in every client: it names the service and protects nothing. */
export const PEERJS_KEY = 'peerjs';
const TOKEN_MAX_CHARS = 64;
/** Messages before the proof is accepted: PeerJS sends heartbeats from the first moment on. */
const EARLY_MESSAGES_MAX = 8;

/** PeerServer's messages, with ids proved before OPEN. See PROTOCOL.md, "Broker". */
export class Signaling {
  readonly #context: BrokerContext;
  readonly #mailbox: OfferMailbox;
  readonly #rate: RateLimit;

  constructor(context: BrokerContext) {
    this.#context = context;
    this.#mailbox = new OfferMailbox(context.limits);
    this.#rate = new RateLimit(context.limits.signals, context.now);
    context.presence.onChange((device) => {
      if (this.#mailbox.expects(device)) {
        this.#deliverWaiting(device).catch((error: unknown) => {
          context.log.error('mailbox', { message: messageOf(error) });
        });
      }
    });
  }

  /** Takes over a socket that asked for the PeerJS path. */
  accept(socket: GuardedSocket, { query, origins }: Arrival): void {
    const id = requestedId(query);
    if (query.get('key') !== PEERJS_KEY) {
      this.#refuse(socket, 'key', 'INVALID-KEY', 'Invalid key provided');
      return;
    }
    if (id === undefined) {
      this.#refuse(socket, 'id', 'ERROR', 'id must be 40 lower-case hex digits, token 1 to 64 characters');
      return;
    }
    const challenge = newChallenge(this.#context.suite, BROKER_CONTEXTS.signaling, origins);
    const timer = setTimeout(() => {
      this.#refuse(socket, 'timeout', 'ERROR', 'no proof of the id in time');
    }, this.#context.limits.authenticationMs);
    let proved = false;
    let early = EARLY_MESSAGES_MAX;
    socket.onClose(() => clearTimeout(timer));
    socket.onMessage(async (data) => {
      try {
        if (typeof data !== 'string') throw new RoostError('malformed', 'message must be text');
        // Until the id is proved its bucket is not ours to empty.
        if (proved ? !this.#rate.take(id) : --early < 0) throw new RoostError('refused', 'too many messages');
        const message = readPeerMessage(data);
        if (proved) await this.#handle(id, message);
        else if (message.type !== 'HEARTBEAT') {
          proved = await this.#prove(socket, id, challenge, message);
          if (proved) clearTimeout(timer);
        }
      } catch (error) {
        this.#fail(socket, error);
      }
    });
    send(socket, { type: 'CHALLENGE', ctx: BROKER_CONTEXTS.signaling, nonce: toBase64url(challenge.nonce) });
  }

  async #prove(
    socket: GuardedSocket,
    id: DeviceId,
    challenge: Challenge,
    message: PeerMessage,
  ): Promise<boolean> {
    if (message.type !== 'AUTH') throw new RoostError('malformed', 'the first message must be AUTH');
    const publicKey = fromBase64url('pub', message.pub, 32);
    const signature = fromBase64url('sig', message.sig, 64);
    if (deviceIdOfKey(publicKey) !== id) {
      this.#refuse(socket, 'id', 'ID-TAKEN', 'the id belongs to another key');
      return false;
    }
    if (!(await challenge.provedBy(id, publicKey, signature))) {
      this.#refuse(socket, 'signature', 'ERROR', 'the proof does not verify for the origin dialled');
      return false;
    }
    // The claim closes an older socket of this device before this one is told that it is open.
    const unsubscribe = this.#context.engine.subscribe(`signal/${id}`, (signal) =>
      socket.send(decodeUtf8(signal)),
    );
    socket.onClose(() => {
      unsubscribe();
      this.#mailbox.forget(id);
    });
    send(socket, { type: 'OPEN' });
    await claim(this.#context, socket, id, 'signaling');
    this.#context.metrics.add('roost_broker_proofs_total', { kind: 'signaling', result: 'accepted' });
    return true;
  }

  async #handle(source: DeviceId, message: PeerMessage): Promise<void> {
    switch (message.type) {
      case 'HEARTBEAT':
        return;
      case 'AUTH':
        throw new RoostError('malformed', 'the id is proved already');
      default:
        this.#context.metrics.add('roost_broker_signals_total', { type: message.type });
        await this.#relay(source, message);
    }
  }

  async #relay(
    src: DeviceId,
    { type, dst, payload }: { readonly type: Signal; readonly dst: DeviceId; readonly payload: unknown },
  ): Promise<void> {
    const text = JSON.stringify({ type, src, dst, payload });
    const there = await this.#context.presence.online(dst, 'signaling');
    if (there && !this.#mailbox.holds(src, dst)) {
      this.#context.engine.publish(`signal/${dst}`, encodeUtf8(text));
      return;
    }
    // A farewell to somebody who is away has nobody to reach.
    if (type === 'LEAVE') return;
    const expired = (): void => this.#expire(src, dst);
    if (!this.#mailbox.put(src, dst, text, expired)) expired();
  }

  #expire(src: DeviceId, dst: DeviceId): void {
    this.#context.metrics.add('roost_broker_signals_expired_total');
    const text = JSON.stringify({ type: 'EXPIRE', src: dst, dst: src });
    this.#context.engine.publish(`signal/${src}`, encodeUtf8(text));
  }

  async #deliverWaiting(device: DeviceId): Promise<void> {
    if (!(await this.#context.presence.online(device, 'signaling'))) return;
    for (const text of this.#mailbox.take(device))
      this.#context.engine.publish(`signal/${device}`, encodeUtf8(text));
  }

  #refuse(
    socket: GuardedSocket,
    reason: string,
    type: 'ERROR' | 'ID-TAKEN' | 'INVALID-KEY',
    msg: string,
  ): void {
    if (socket.closed) return;
    this.#context.metrics.add('roost_broker_proofs_total', { kind: 'signaling', result: reason });
    send(socket, { type, payload: { msg } });
    socket.close(CLOSE.unproved, msg);
  }

  #fail(socket: GuardedSocket, error: unknown): void {
    const fault = faultOf(error);
    this.#context.metrics.add('roost_broker_refused_total', { reason: fault });
    if (fault === 'internal') this.#context.log.error('signaling', { message: messageOf(error) });
    const msg = fault === 'internal' ? 'the broker failed' : messageOf(error);
    send(socket, { type: 'ERROR', payload: { msg } });
    socket.close(fault === 'refused' ? CLOSE.tooMany : CLOSE.malformed, fault);
  }
}

function requestedId(query: URLSearchParams): DeviceId | undefined {
  const token = query.get('token') ?? '';
  if (token.length === 0 || token.length > TOKEN_MAX_CHARS) return undefined;
  try {
    return parseDeviceId(query.get('id') ?? '');
  } catch {
    return undefined;
  }
}

function send(socket: GuardedSocket, message: unknown): void {
  socket.send(JSON.stringify(message));
}
