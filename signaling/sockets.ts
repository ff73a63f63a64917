import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { TO_BROKER_MAX_BYTES } from '../src/core/wire/broker-limits.ts';
import { clientAddress, rateKey } from './address.ts';
import type { Arrival } from './broker-context.ts';
import { CLOSE, GuardedSocket } from './guarded-socket.ts';
import type { BrokerLimits } from './limits.ts';
import { SIGNAL_MAX_BYTES } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { Origins } from './origins.ts';
import type { RateLimit } from './rate-limit.ts';

type Accept = (socket: GuardedSocket, arrival: Arrival) => void;

export interface SocketParts {
  readonly limits: BrokerLimits;
  readonly metrics: Metrics;
  readonly arrivals: RateLimit;
  readonly origins: Origins;
  readonly trustProxy: boolean;
  /** what takes the sockets of a path */
  readonly paths: Readonly<Record<'/peerjs' | '/rendezvous', Accept>>;
}

/** Lets WebSockets in, within the caps, and hands each to the handler of its path. */
export class Sockets {
  readonly #parts: SocketParts;
  readonly #servers: Readonly<Record<string, WebSocketServer>>;
  readonly #open = new Set<GuardedSocket>();
  readonly #perAddress = new Map<string, number>();
  #draining = false;

  constructor(parts: SocketParts) {
    this.#parts = parts;
    // No compression: it keeps memory for every socket, and a small secret next to chosen text leaks through sizes.
    const options = { noServer: true, perMessageDeflate: false, clientTracking: false };
    this.#servers = {
      '/peerjs': new WebSocketServer({ ...options, maxPayload: SIGNAL_MAX_BYTES }),
      '/rendezvous': new WebSocketServer({ ...options, maxPayload: TO_BROKER_MAX_BYTES }),
    };
  }

  /** The handler of the HTTP server's 'upgrade' event. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    // Until ws takes over nobody else listens, and an unheard error would end the process.
    stream.on('error', () => stream.destroy());
    const { limits, arrivals, origins, trustProxy, paths } = this.#parts;
    const url = new URL(request.url ?? '/', 'http://broker');
    const accept = Object.entries(paths).find(([path]) => path === url.pathname)?.[1];
    const server = this.#servers[url.pathname];
    if (accept === undefined || server === undefined) {
      this.#refuse(stream, 404, 'path');
      return;
    }
    const address = clientAddress(request, trustProxy);
    const key = rateKey(address);
    if (this.#draining || this.#open.size >= limits.connections) {
      this.#refuse(stream, 503, 'full');
      return;
    }
    if ((this.#perAddress.get(key) ?? 0) >= limits.connectionsPerAddress) {
      this.#refuse(stream, 429, 'address');
      return;
    }
    if (!arrivals.take(key)) {
      this.#refuse(stream, 429, 'rate');
      return;
    }
    server.handleUpgrade(request, stream, head, (socket: WebSocket) => {
      const guarded = new GuardedSocket(socket, limits, this.#parts.metrics);
      this.#count(guarded, key);
      accept(guarded, { address, origins: origins.of(request), query: url.searchParams });
    });
  }

  /** Says goodbye to all and lets nobody in. */
  drain(): void {
    this.#draining = true;
    for (const socket of [...this.#open]) socket.close(CLOSE.restart, 'the broker stops');
    for (const server of Object.values(this.#servers)) server.close();
  }

  #count(socket: GuardedSocket, key: string): void {
    this.#open.add(socket);
    this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
    socket.onClose(() => {
      this.#open.delete(socket);
      const left = (this.#perAddress.get(key) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(key);
      else this.#perAddress.set(key, left);
    });
  }

  #refuse(stream: Duplex, status: number, reason: string): void {
    this.#parts.metrics.add('roost_broker_refused_total', { reason });
    stream.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}
