import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { Item } from '../../core/schema.ts';
import { decodeFromBroker, encodeToBroker } from '../../core/wire/broker.ts';
import type { FromBroker } from '../../core/wire/broker.ts';
import { BROKER_CONTEXTS, brokerProofText, brokerSocketUrl } from '../../core/wire/broker-auth.ts';
import type { BrokerUrl } from '../../core/wire/broker-auth.ts';
import { toBase64url } from '../../core/wire/broker-base64.ts';
import { BROKER_REQUEST_TIMEOUT_MS, FROM_BROKER_MAX_BYTES } from '../../core/wire/broker-limits.ts';
import type { Ask, BrokerReply, BrokerRequest } from '../../core/wire/broker-requests.ts';
import { readReply } from '../../core/wire/broker-requests.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NetworkIdentity } from '../../ports/platform.ts';
import type { WebSocketConstructor, WebSocketLike } from './socket.ts';
import { SOCKET_OPEN } from './socket.ts';

export type Push = Extract<FromBroker, { type: 'directory' | 'roster' }>;

export interface ConnectionParts {
  readonly url: BrokerUrl;
  readonly identity: NetworkIdentity;
  readonly clock: Clock;
  readonly WebSocket: WebSocketConstructor;
  onPush(push: Push): void;
  /** once, after the socket was open or could not be opened; no request is answered any more */
  onClosed(reason: string): void;
}

interface Waiting {
  readonly resolve: (result: Item) => void;
  readonly reject: (error: RoostError) => void;
  readonly cancelTimer: () => void;
}

/** One WebSocket to the broker from dialling to its end. */
export class BrokerConnection {
  readonly #parts: ConnectionParts;
  readonly #socket: WebSocketLike;
  readonly #waiting = new Map<number, Waiting>();
  readonly #welcome: () => void;
  readonly #cancelPatience: () => void;
  #nextId = 1;
  #challenged = false;
  #closed = false;

  /** Resolves when the broker has accepted our id; never rejects (see `onClosed`). */
  readonly welcomed: Promise<void>;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    let welcome = (): void => undefined;
    this.welcomed = new Promise((resolve) => {
      welcome = resolve;
    });
    this.#welcome = welcome;
    // First, because it may throw: nothing is to be cleaned up then.
    this.#socket = new parts.WebSocket(brokerSocketUrl(parts.url, 'rendezvous'));
    this.#cancelPatience = parts.clock.after(BROKER_REQUEST_TIMEOUT_MS, () => {
      this.#end('the broker does not answer');
    });
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('message', ({ data }) => this.#received(data));
    this.#socket.addEventListener('close', () => this.#end('the broker is away'));
    this.#socket.addEventListener('error', () => this.#end('the broker cannot be reached'));
  }

  /**
   * Asks and waits for the answer.
   * @throws RoostError the broker's fault; 'unreachable' when it does not answer in time or the connection ends
   */
  async request<R extends BrokerRequest>(request: R): Promise<BrokerReply<R['ask']>> {
    const ask: R['ask'] & Ask = request.ask;
    const result = await this.#ask(request);
    try {
      return readReply(ask, result);
    } catch (cause) {
      this.#end('the broker does not keep to the protocol');
      throw new RoostError('unreachable', `the broker's answer to "${ask}" is malformed`, { cause });
    }
  }

  close(reason: string): void {
    this.#end(reason);
  }

  #ask(request: BrokerRequest): Promise<Item> {
    return new Promise((resolve, reject) => {
      if (this.#closed || this.#socket.readyState !== SOCKET_OPEN) {
        reject(new RoostError('unreachable', 'the broker is away'));
        return;
      }
      const id = this.#nextId++;
      const cancelTimer = this.#parts.clock.after(BROKER_REQUEST_TIMEOUT_MS, () => {
        this.#waiting.delete(id);
        const seconds = BROKER_REQUEST_TIMEOUT_MS / 1000;
        reject(
          new RoostError('unreachable', `the broker did not answer "${request.ask}" within ${seconds} s`),
        );
      });
      this.#waiting.set(id, { resolve, reject, cancelTimer });
      this.#send(encodeToBroker({ type: 'request', id, request }));
    });
  }

  #received(data: unknown): void {
    if (this.#closed) return;
    try {
      if (!(data instanceof ArrayBuffer)) throw new RoostError('malformed', 'frame must be binary');
      if (data.byteLength > FROM_BROKER_MAX_BYTES) throw new RoostError('malformed', 'frame is too long');
      this.#handle(decodeFromBroker(new Uint8Array(data)));
    } catch {
      // Whatever it is: this broker cannot be talked to now.
      this.#end('the broker does not keep to the protocol');
    }
  }

  #handle(frame: FromBroker): void {
    switch (frame.type) {
      case 'challenge':
        if (this.#challenged) throw new RoostError('malformed', 'one challenge a connection');
        this.#challenged = true;
        void this.#prove(frame.nonce);
        return;
      case 'welcome':
        if (!this.#challenged) throw new RoostError('malformed', 'a welcome must follow a challenge');
        this.#cancelPatience();
        this.#welcome();
        return;
      case 'reply':
        this.#take(frame.id)?.resolve(frame.result);
        return;
      case 'fault':
        this.#take(frame.id)?.reject(new RoostError(frame.fault, frame.message));
        return;
      case 'directory':
      case 'roster':
        this.#parts.onPush(frame);
        return;
      default:
        frame satisfies never;
    }
  }

  async #prove(nonce: Bytes): Promise<void> {
    const { identity, url } = this.#parts;
    try {
      const text = brokerProofText(
        BROKER_CONTEXTS.rendezvous,
        url.origin,
        identity.device,
        toBase64url(nonce),
      );
      const signature = await identity.sign(text);
      if (!this.#closed)
        this.#send(encodeToBroker({ type: 'proof', publicKey: identity.publicKey, signature }));
    } catch (error) {
      this.#end(`our id could not be proved: ${messageOf(error)}`);
    }
  }

  /** A reply to a request that timed out, or that nobody sent, has no taker. */
  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancelTimer();
    return waiting;
  }

  #send(frame: Bytes): void {
    try {
      this.#socket.send(frame);
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPatience();
    for (const { reject, cancelTimer } of this.#waiting.values()) {
      cancelTimer();
      reject(new RoostError('unreachable', reason));
    }
    this.#waiting.clear();
    try {
      this.#socket.close();
    } catch {
      // Closing a socket that is still dialling throws in some platforms; it is of no use to us either way.
    }
    this.#parts.onClosed(reason);
  }
}
