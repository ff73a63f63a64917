import { webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWebCryptoSuite } from '../src/core/crypto/webcrypto.ts';
import { messageOf } from '../src/core/errors.ts';
import { loadAppFiles } from './app-files.ts';
import type { BrokerContext } from './broker-context.ts';
import { openEmbeddedEngine } from './embedded-engine.ts';
import { httpHandler } from './http-handler.ts';
import type { IceServerConfig } from './ice.ts';
import {
  DEFAULT_LIMITS,
  HTTP_HEADER_MAX_BYTES,
  HTTP_KEEP_ALIVE_MS,
  HTTP_REQUEST_TIMEOUT_MS,
} from './limits.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { Origins } from './origins.ts';
import { Presence } from './presence.ts';
import { RateLimit } from './rate-limit.ts';
import { RendezvousSockets } from './rendezvous.ts';
import { RendezvousService } from './rendezvous-service.ts';
import { Signaling } from './signaling.ts';
import { Sockets } from './sockets.ts';

export interface BrokerOptions {
  /** 0 for any free port */
  readonly port: number;
  /** address to listen on, e.g. '127.0.0.1' or '::' */
  readonly host: string;
  /** folder of broker.sqlite, made when missing, or ':memory:' */
  readonly dataDir: string;
  /** the built app (`dist/`); left out, the broker serves none */
  readonly appDir?: string;
  /** origins under which devices dial this broker, e.g. 'https://roost.example'; direct connections by address need none */
  readonly origin?: string | readonly string[];
  /** whether X-Forwarded-For of a proxy on our own network is believed; default: when an origin is https */
  readonly trustProxy?: boolean;
  readonly iceServers?: readonly IceServerConfig[];
  readonly limits?: Partial<BrokerLimits>;
  readonly log: BrokerLog;
  /** milliseconds since 1970 */
  readonly now?: () => number;
}

export interface RunningBroker {
  readonly port: number;
  /** where to reach it: the first configured origin, or the address it listens on */
  readonly origin: string;
  /** Says goodbye to all devices, finishes what runs, writes down what is known. */
  close(): Promise<void>;
}

/** Requests that still run when the broker stops get this long. */
const DRAIN_MS = 1_000;

/**
 * Starts a broker: serves the app, signaling and rendezvous on one port.
 *
 * @throws Error when the port is taken, the data folder or an origin is not usable
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const { log, now = Date.now, iceServers = [] } = options;
  const limits: BrokerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const origins = new Origins(options.origin);
  const trustProxy = options.trustProxy ?? origins.secure;
  const files = options.appDir === undefined ? new Map<never, never>() : await loadAppFiles(options.appDir);
  const engine = openEmbeddedEngine(options.dataDir, now);
  const metrics = new Metrics();
  const suite = createWebCryptoSuite(webcrypto.subtle);
  const onFault = (error: unknown): void => log.error('presence', { message: messageOf(error) });
  const presence = await Presence.open(engine, now, onFault);
  const context: BrokerContext = { engine, suite, presence, limits, metrics, log, now };
  const rendezvous = new RendezvousSockets(context, await RendezvousService.open(context, iceServers));
  const signaling = new Signaling(context);
  const arrivals = new RateLimit(limits.arrivals, now);
  const sockets = new Sockets({
    limits,
    metrics,
    arrivals,
    origins,
    trustProxy,
    paths: {
      '/peerjs': (socket, arrival) => signaling.accept(socket, arrival),
      '/rendezvous': (socket, arrival) => rendezvous.accept(socket, arrival),
    },
  });
  let draining = false;
  const server = createServer(
    {
      maxHeaderSize: HTTP_HEADER_MAX_BYTES,
      headersTimeout: limits.headersMs,
      requestTimeout: HTTP_REQUEST_TIMEOUT_MS,
      keepAliveTimeout: HTTP_KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
    },
    httpHandler({
      files,
      metrics,
      arrivals,
      trustProxy,
      secure: origins.secure,
      ready: () => !draining && engine.healthy(),
    }),
  );
  // Idle HTTP connections count too: room for them beside the sockets.
  server.maxConnections = limits.connections * 2;
  server.on('upgrade', (request, stream, head) => sockets.upgrade(request, stream, head));
  try {
    await listen(server, options.port, options.host);
  } catch (error) {
    await presence.close();
    await engine.close();
    throw error;
  }
  const port = portOf(server);
  const origin = origins.first ?? `http://${hostInUrl(options.host)}:${port}`;
  log.info('listening', { origin });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    sockets.drain();
    server.closeIdleConnections();
    await Promise.race([closed, sleep(DRAIN_MS)]);
    server.closeAllConnections();
    await presence.close();
    await engine.close();
    log.info('closed');
  };
  return { port, origin, close: () => (closing ??= close()) };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the broker must listen on a port');
  return address.port;
}

/** A host to dial: who listens everywhere is reached here by `localhost`. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::' || host === '') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
