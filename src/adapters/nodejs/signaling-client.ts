import { randomBytes } from 'node:crypto';
import { RoostError, messageOf } from '../../core/errors.ts';
import { brokerSocketUrl, parseBrokerUrl } from '../../core/wire/broker-auth.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkIdentity } from '../../ports/platform.ts';
import type { Random } from '../../ports/random.ts';
import { answerSignalingChallenge, isSignalingChallenge } from '../websocket/signaling-auth.ts';

/** The PeerJS client whose protocol is spoken. */
const PEERJS_VERSION = '1.5.5';
const HEARTBEAT_MS = 5_000;
const OPEN_TIMEOUT_MS = 15_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** The broker's own bound is smaller; a longer text is none of its messages. */
const MESSAGE_MAX_CHARS = 256 * 1024;

export type SignalType = 'OFFER' | 'ANSWER' | 'CANDIDATE' | 'LEAVE' | 'EXPIRE';
const SIGNAL_TYPES: readonly string[] = ['OFFER', 'ANSWER', 'CANDIDATE', 'LEAVE', 'EXPIRE'];

/** A message of another device that the broker passed on. What it holds is unchecked. */
export interface Signal {
  readonly type: SignalType;
  readonly src: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface SignalingOptions {
  /** address of the broker */
  readonly url: string;
  readonly identity: NetworkIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type Waiter = (error: RoostError | undefined) => void;

/** The signaling part of a PeerJS client: proves the device's id, passes messages on, comes back after each loss. */
export class SignalingClient {
  readonly #options: SignalingOptions;
  readonly #address: string;
  readonly #onSignal: (signal: Signal) => void;
  #socket: WebSocket | undefined;
  #open = false;
  #failures = 0;
  #cancelTimer: () => void = () => undefined;
  #waiters = new Set<Waiter>();
  #closed = false;

  /** Dials at once. @throws RoostError 'malformed' when the address is none */
  constructor(options: SignalingOptions, onSignal: (signal: Signal) => void) {
    this.#options = options;
    this.#onSignal = onSignal;
    const token = randomBytes(12).toString('hex');
    const query = `key=peerjs&id=${options.identity.device}&token=${token}&version=${PEERJS_VERSION}`;
    this.#address = `${brokerSocketUrl(parseBrokerUrl(options.url), 'peerjs')}?${query}`;
    this.#dial();
  }

  get open(): boolean {
    return this.#open;
  }

  /** Resolves once the broker has accepted the device's id. @throws RoostError 'unreachable' | 'aborted' */
  ready(signal?: AbortSignalLike): Promise<void> {
    if (this.#open) return Promise.resolve();
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const abort = (): void => waiter(new RoostError('aborted', 'waiting for the broker was aborted'));
      const waiter: Waiter = (error) => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', abort);
    });
  }

  /** @throws RoostError 'unreachable' while the broker is away */
  send(type: 'OFFER' | 'ANSWER' | 'CANDIDATE', dst: string, payload: unknown): void {
    if (!this.#open || this.#socket === undefined) {
      throw new RoostError('unreachable', 'the broker is not connected');
    }
    this.#socket.send(JSON.stringify({ type, dst, payload }));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#drop();
    this.#tellWaiters(closed());
  }

  #dial(): void {
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    this.#cancelTimer = this.#options.clock.after(OPEN_TIMEOUT_MS, () =>
      this.#lost(socket, 'no answer in time'),
    );
    socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
      if (this.#socket === socket) this.#receive(socket, data);
    });
    // 'error' comes before 'close' and says nothing that may be logged
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', () => this.#lost(socket, 'the connection ended'));
  }

  #receive(socket: WebSocket, data: unknown): void {
    const message = parse(data);
    if (message === undefined) {
      this.#lost(socket, 'it sent something else than PeerServer messages');
    } else if (isSignalingChallenge(message)) {
      answerSignalingChallenge(this.#options.url, this.#options.identity, message).then(
        (answer) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(answer));
        },
        (error: unknown) => this.#lost(socket, messageOf(error)),
      );
    } else if (message['type'] === 'OPEN') this.#opened(socket);
    else if (
      message['type'] === 'ID-TAKEN' ||
      message['type'] === 'INVALID-KEY' ||
      message['type'] === 'ERROR'
    ) {
      this.#lost(socket, `it refuses: ${message['type']}`);
    } else if (this.#open) this.#pass(message);
  }

  #pass({ type, src, payload }: Readonly<Record<string, unknown>>): void {
    if (typeof type !== 'string' || !SIGNAL_TYPES.includes(type) || typeof src !== 'string') return;
    const fields = typeof payload === 'object' && payload !== null ? payload : {};
    this.#onSignal({
      type: type as SignalType,
      src,
      payload: fields as Readonly<Record<string, unknown>>,
    });
  }

  #opened(socket: WebSocket): void {
    this.#open = true;
    this.#failures = 0;
    this.#options.log.info('signaling open');
    this.#beat(socket);
    this.#tellWaiters(undefined);
  }

  #beat(socket: WebSocket): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(HEARTBEAT_MS, () => {
      if (this.#socket !== socket || socket.readyState !== WebSocket.OPEN) return;
      socket.send('{"type":"HEARTBEAT"}');
      this.#beat(socket);
    });
  }

  /** The broker is gone: whoever waits is told, channels stay, and we dial again. */
  #lost(socket: WebSocket, reason: string): void {
    if (this.#socket !== socket || this.#closed) return;
    this.#drop();
    this.#tellWaiters(new RoostError('unreachable', `the broker does not answer: ${reason}`));
    const most = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures++);
    // Between half and all of it, so that devices that lost the broker together do not come back together.
    const wait = most * (0.5 + this.#options.random.fraction() / 2);
    this.#options.log.info('signaling lost', { reason, retryMs: Math.round(wait) });
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(wait, () => this.#dial());
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#open = false;
    socket?.close();
  }

  #tellWaiters(error: RoostError | undefined): void {
    for (const waiter of [...this.#waiters]) waiter(error);
  }
}

const closed = (): RoostError => new RoostError('unreachable', 'the connection to the broker was closed');

function parse(data: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof data !== 'string' || data.length > MESSAGE_MAX_CHARS) return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null
      ? (message as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
