import type { RawData, WebSocket } from 'ws';
import type { Bytes } from '../src/core/bytes.ts';
import type { BrokerLimits } from './limits.ts';
import type { Metrics } from './metrics.ts';

/** Close codes of our own, in the range that RFC 6455 leaves to applications. */
export const CLOSE = {
  /** the same device connected again */
  replaced: 4001,
  /** the proof did not come or does not hold */
  unproved: 4003,
  /** a message breaks the protocol */
  malformed: 4004,
  tooMany: 4029,
  /** RFC 6455: the broker restarts; come back */
  restart: 1012,
} as const;

/** A text frame (PeerJS) or a binary one (rendezvous). */
export type Message = string | Bytes;

/** Messages that wait for their turn before the socket is read no further. */
const WAITING_MAX = 16;

/** A close frame holds 125 bytes with its code. */
const REASON_MAX_BYTES = 123;

/** After a close frame the other end has this long to answer it. */
const CLOSE_PATIENCE_MS = 3_000;

/** A WebSocket that holds no more than its bounds: pings, a bounded queue, one close. */
export class GuardedSocket {
  readonly #socket: WebSocket;
  readonly #limits: BrokerLimits;
  readonly #metrics: Metrics;
  readonly #onClose: (() => void)[] = [];
  #ping: NodeJS.Timeout;
  #alive = true;
  #closed = false;

  constructor(socket: WebSocket, limits: BrokerLimits, metrics: Metrics) {
    this.#socket = socket;
    this.#limits = limits;
    this.#metrics = metrics;
    socket.on('pong', () => {
      this.#alive = true;
    });
    // An error is always followed by 'close'.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#ended());
    this.#ping = setInterval(() => this.#checkAlive(), limits.pingMs);
    this.#ping.unref();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Messages one after another: the next one waits until the handler is done with the last. While some wait, no more is read,
   * so that a fast sender fills its own buffers and not ours.
   *
   * @param handler must not reject
   */
  onMessage(handler: (message: Message) => Promise<void>): void {
    let waiting = 0;
    let turn = Promise.resolve();
    this.#socket.on('message', (data: RawData, isBinary: boolean) => {
      if (this.#closed) return;
      const bytes = rawBytes(data);
      const { buffer, byteOffset, length } = bytes;
      const message = isBinary ? bytes : Buffer.from(buffer, byteOffset, length).toString('utf8');
      if (++waiting === WAITING_MAX) this.#socket.pause();
      turn = turn.then(async () => {
        if (!this.#closed) await handler(message);
        if (--waiting === 0) this.#socket.resume();
      });
    });
  }

  /** Called once, when the socket is closing from either end. */
  onClose(handler: () => void): void {
    if (this.#closed) handler();
    else this.#onClose.push(handler);
  }

  /** Queues a message; a reader that does not keep up is dropped. */
  send(message: Message): void {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#limits.queueBytes) {
      this.#metrics.add('roost_broker_refused_total', { reason: 'slow-reader' });
      this.terminate();
      return;
    }
    this.#socket.send(message);
  }

  /** Says goodbye; the handlers of `onClose` run now. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#ended();
    this.#socket.close(code, reason.replace(/[^\x20-\x7e]/g, '?').slice(0, REASON_MAX_BYTES));
    setTimeout(() => this.#socket.terminate(), CLOSE_PATIENCE_MS).unref();
  }

  terminate(): void {
    this.#ended();
    this.#socket.terminate();
  }

  #checkAlive(): void {
    if (!this.#alive) {
      this.terminate();
      return;
    }
    this.#alive = false;
    this.#socket.ping();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#ping);
    for (const handler of this.#onClose) handler();
  }
}

function rawBytes(data: RawData): Bytes {
  // A copy: ws hands out views of its pool, and what we keep must not pin it.
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data));
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data);
}
