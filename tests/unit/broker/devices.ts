import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import type { BrokerOptions, RunningBroker } from '../../../signaling/broker.ts';
import { startBroker } from '../../../signaling/broker.ts';
import { systemClock } from '../../../src/adapters/nodejs/system-clock.ts';
import { systemRandom } from '../../../src/adapters/nodejs/system-random.ts';
import { connectRendezvous } from '../../../src/adapters/websocket/rendezvous-client.ts';
import { answerSignalingChallenge } from '../../../src/adapters/websocket/signaling-auth.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { issueCertificate } from '../../../src/core/identity/certificate.ts';
import { deviceIdOfKey } from '../../../src/core/ids.ts';
import type { CooperativeId } from '../../../src/core/ids.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { NetworkIdentity } from '../../../src/ports/platform.ts';
import type { Listing, Rendezvous } from '../../../src/ports/rendezvous.ts';
import type { Person } from '../roster/members.ts';
import { suite } from '../roster/members.ts';

/** Real brokers and real sockets for the tests of this folder. */

export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Collects what must be closed when a test ends, last first. */
export class Cleanup {
  readonly #jobs: (() => Promise<unknown>)[] = [];

  add<T extends { close(): Promise<unknown> }>(thing: T): T {
    this.#jobs.push(() => thing.close());
    return thing;
  }

  async run(): Promise<void> {
    for (const job of this.#jobs.splice(0).reverse()) await job();
  }
}

export function testBroker(options: Partial<BrokerOptions> = {}): Promise<RunningBroker> {
  return startBroker({ port: 0, host: '127.0.0.1', dataDir: ':memory:', log: silent, ...options });
}

let seeds = 0;

export async function newIdentity(): Promise<NetworkIdentity> {
  const { key, publicKey } = await suite.importSigning(new Uint8Array(32).fill(++seeds, 8));
  return { device: deviceIdOfKey(publicKey), publicKey, sign: (message) => suite.sign(key, message) };
}

export function rendezvousOf(url: string, identity: NetworkIdentity): Promise<Rendezvous> {
  return connectRendezvous({
    url,
    identity,
    clock: systemClock,
    random: systemRandom,
    log: silent,
    WebSocket,
  });
}

/** What a device of a person says about itself. */
export async function listingOf(
  person: Person,
  identity: NetworkIdentity,
  cooperative: CooperativeId,
  fields: Partial<Listing> & { readonly madeAt?: number } = {},
): Promise<Listing> {
  const { madeAt = Date.now(), ...rest } = fields;
  const certificate: Bytes = await issueCertificate(suite, person, {
    devicePublicKey: identity.publicKey,
    label: 'laptop',
    madeAt,
    expiresAt: madeAt + 86_400_000,
  });
  return {
    cooperative,
    certificate,
    offered: 10,
    free: 5,
    storageClass: 'tab',
    persisted: false,
    family: 'nodejs',
    system: 'linux',
    zone: -120,
    version: '1.0.0',
    ...rest,
  };
}

export interface PeerText {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A PeerJS client as the broker sees it: one WebSocket and JSON. */
export class PeerSocket {
  readonly socket: WebSocket;
  readonly received: PeerText[] = [];
  readonly #waiters: (() => void)[] = [];
  closeCode: number | undefined;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: RawData) => {
      this.received.push(JSON.parse((data as Buffer).toString('utf8')) as PeerText);
      this.#wake();
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  /** Takes the next message of a type out of those received; undefined when the socket closed without one. */
  async next(type: string): Promise<PeerText | undefined> {
    for (;;) {
      const index = this.received.findIndex((message) => message.type === type);
      if (index >= 0) return this.received.splice(index, 1)[0];
      if (this.closeCode !== undefined) return undefined;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.closeCode;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await this.closed();
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

export const peerUrl = (broker: RunningBroker, id: string, key = 'peerjs', token = 'token'): string =>
  `ws://127.0.0.1:${broker.port}/peerjs?key=${key}&id=${id}&token=${token}&version=1.5.5`;

/** A socket that has proved its id and got OPEN. */
export async function openPeer(broker: RunningBroker, identity: NetworkIdentity): Promise<PeerSocket> {
  const peer = new PeerSocket(peerUrl(broker, identity.device));
  peer.send(await answerSignalingChallenge(broker.origin, identity, await challengeOf(peer)));
  if ((await peer.next('OPEN')) === undefined)
    throw new Error(`expected OPEN, got close ${String(peer.closeCode)}`);
  return peer;
}

export async function challengeOf(peer: PeerSocket): Promise<PeerText> {
  const challenge = await peer.next('CHALLENGE');
  if (challenge === undefined) throw new Error(`expected CHALLENGE, got close ${String(peer.closeCode)}`);
  return challenge;
}

/** Waits until a condition holds; fails the test after five seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('expected the condition to hold within 5 s');
}

export const offer = (connectionId = 'dc_1'): unknown => ({
  type: 'data',
  connectionId,
  label: 'dc_1',
  reliable: true,
  serialization: 'raw',
  sdp: { type: 'offer', sdp: 'v=0\r\n' },
});
