import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningBroker } from '../../../signaling/broker.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { parseRendezvousId } from '../../../src/core/ids.ts';
import { BROKER_CONTEXTS, brokerProofText } from '../../../src/core/wire/broker-auth.ts';
import type { BrokerContext } from '../../../src/core/wire/broker-auth.ts';
import { toBase64url } from '../../../src/core/wire/broker-base64.ts';
import { decodeFromBroker, encodeToBroker } from '../../../src/core/wire/broker.ts';
import type { FromBroker } from '../../../src/core/wire/broker.ts';
import type { NetworkIdentity } from '../../../src/ports/platform.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { Chain, person } from '../roster/members.ts';
import { Cleanup, listingOf, newIdentity, rendezvousOf, testBroker, until } from './devices.ts';

const cleanup = new Cleanup();
let broker: RunningBroker;
let alice: NetworkIdentity;

beforeEach(async () => {
  broker = cleanup.add(await testBroker());
  alice = await newIdentity();
});
afterEach(() => cleanup.run());

/** The bare socket, for what the client would never send. */
class Raw {
  readonly socket: WebSocket;
  readonly frames: FromBroker[] = [];
  closeCode: number | undefined;

  constructor(port: number, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/rendezvous`, { headers });
    this.socket.on('message', (data: RawData) =>
      this.frames.push(decodeFromBroker(new Uint8Array(data as Buffer))),
    );
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    this.socket.on('error', () => undefined);
  }

  async frame(type: FromBroker['type']): Promise<FromBroker> {
    await until(() => this.frames.some((frame) => frame.type === type));
    return this.frames.find((frame) => frame.type === type)!;
  }

  async closed(): Promise<number | undefined> {
    await until(() => this.closeCode !== undefined);
    return this.closeCode;
  }

  async nonce(): Promise<Bytes> {
    const frame = await this.frame('challenge');
    return frame.type === 'challenge' ? frame.nonce : new Uint8Array(0);
  }

  async close(): Promise<void> {
    this.socket.terminate();
  }
}

async function proof(
  identity: NetworkIdentity,
  nonce: Bytes,
  origin = broker.origin,
  context: BrokerContext = BROKER_CONTEXTS.rendezvous,
): Promise<Bytes> {
  const signature = await identity.sign(
    brokerProofText(context, origin, identity.device, toBase64url(nonce)),
  );
  return encodeToBroker({ type: 'proof', publicKey: identity.publicKey, signature });
}

const raw = (headers?: Record<string, string>, port = broker.port): Raw =>
  cleanup.add(new Raw(port, headers));

describe('the rendezvous socket', () => {
  it('welcomes a device that signs its nonce and the origin it dialled', async () => {
    const line = raw();
    line.socket.send(await proof(alice, await line.nonce()));
    expect((await line.frame('welcome')).type).toBe('welcome');
  });

  it('refuses a proof for another origin, another nonce, another socket', async () => {
    const other = await raw().nonce();
    const cases = [
      (nonce: Bytes) => proof(alice, nonce, 'https://evil.example'),
      (nonce: Bytes) => proof(alice, nonce, `http://localhost:${broker.port}`),
      () => proof(alice, other),
      (nonce: Bytes) => proof(alice, nonce, broker.origin, BROKER_CONTEXTS.signaling),
    ];
    for (const make of cases) {
      const line = raw();
      line.socket.send(await make(await line.nonce()));
      expect(await line.closed()).toBe(4003);
    }
  });

  it('refuses a relayed proof although the relay names its own host to us', async () => {
    const line = raw({ host: 'evil.example' });
    line.socket.send(await proof(alice, await line.nonce(), 'http://evil.example'));
    expect(await line.closed()).toBe(4003);
    const samePort = raw({ host: `evil.example:${broker.port}` });
    samePort.socket.send(await proof(alice, await samePort.nonce(), `http://evil.example:${broker.port}`));
    expect(await samePort.closed()).toBe(4003);
  });

  it('accepts the configured origin behind any Host header, and a direct connection besides', async () => {
    const behind = cleanup.add(
      await testBroker({ origin: ['https://roost.example/', 'http://10.0.0.2:8787'] }),
    );
    for (const origin of [
      'https://roost.example',
      'http://10.0.0.2:8787',
      `http://127.0.0.1:${behind.port}`,
    ]) {
      const line = raw(undefined, behind.port);
      line.socket.send(await proof(await newIdentity(), await line.nonce(), origin));
      expect((await line.frame('welcome')).type).toBe('welcome');
    }
  });

  it('gives one try for one nonce', async () => {
    const line = raw();
    const nonce = await line.nonce();
    line.socket.send(await proof(alice, nonce, 'https://evil.example'));
    line.socket.send(await proof(alice, nonce));
    expect(await line.closed()).toBe(4003);
    expect(line.frames.map(({ type }) => type)).toEqual(['challenge']);
  });

  it('answers nothing before the proof', async () => {
    const line = raw();
    await line.nonce();
    line.socket.send(encodeToBroker({ type: 'request', id: 1, request: { ask: 'ice' } }));
    expect(await line.closed()).toBe(4004);
  });

  it('ends at a frame that is text, no CBOR, too long, or a second proof', async () => {
    const line = async () => {
      const made = raw();
      made.socket.send(await proof(await newIdentity(), await made.nonce()));
      await made.frame('welcome');
      return made;
    };
    const [text, noise, long, again] = [await line(), await line(), await line(), await line()];
    text.socket.send('{}');
    expect(await text.closed()).toBe(4004);
    noise.socket.send(patternBytes(100));
    expect(await noise.closed()).toBe(4004);
    long.socket.send(new Uint8Array(200_000));
    expect(await long.closed()).toBe(1009);
    again.socket.send(await proof(alice, await again.nonce()));
    expect(await again.closed()).toBe(4004);
  });

  it('refuses more requests of a device than its rate, by name, and goes on', async () => {
    const strict = cleanup.add(await testBroker({ limits: { requests: { burst: 3, perSecond: 0 } } }));
    const line = cleanup.add(await rendezvousOf(strict.origin, alice));
    const id = parseRendezvousId('a'.repeat(64));
    for (let i = 0; i < 3; i++) expect(await line.lookup(id)).toEqual([]);
    await expect(line.lookup(id)).rejects.toMatchObject({ fault: 'refused' });
    expect(line.status.online).toBe(true);
  });

  it('answers a flood of requests, all and in order', async () => {
    const line = raw();
    line.socket.send(await proof(alice, await line.nonce()));
    await line.frame('welcome');
    for (let id = 1; id <= 500; id++) {
      line.socket.send(encodeToBroker({ type: 'request', id, request: { ask: 'ice' } }));
    }
    await until(() => line.frames.length === 502);
    expect(line.frames.slice(2).map((frame) => (frame.type === 'reply' ? frame.id : 0))).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  });

  it('closes the old line of a device that connects again', async () => {
    const old = raw();
    old.socket.send(await proof(alice, await old.nonce()));
    await old.frame('welcome');
    const fresh = raw();
    fresh.socket.send(await proof(alice, await fresh.nonce()));
    await fresh.frame('welcome');
    expect(await old.closed()).toBe(4001);
    expect(fresh.closeCode).toBeUndefined();
  });
});

describe('a restart', () => {
  it('keeps rosters, listings, holdings, heads, history and the neighbourhood key', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'roost-broker-'));
    let now = Date.now();
    const ada = await person(1);
    const chain = await Chain.found(ada);
    const { cooperative } = chain.roster;
    const id = parseRendezvousId('b'.repeat(64));
    const before = await testBroker({ dataDir, now: () => now });
    const line = await rendezvousOf(before.origin, alice);
    await line.appendRoster(cooperative, 0, chain.entries[0]!);
    const listing = await listingOf(ada, alice, cooperative, { madeAt: now });
    await line.announce(listing);
    await line.announceHoldings(cooperative, [id]);
    await line.leaveHead(id, cooperative, patternBytes(500));
    const [entry] = await line.directory(cooperative);
    now += 3_600_000;
    await line.close();
    await before.close();
    now += 3_600_000;

    const after = cleanup.add(await testBroker({ dataDir, now: () => now }));
    const bob = await newIdentity();
    const other = cleanup.add(await rendezvousOf(after.origin, bob));
    expect(await other.roster(cooperative, 0)).toEqual(chain.entries);
    expect(await other.lookup(id)).toEqual([{ cooperative, device: alice.device, online: false }]);
    expect(await other.takeHeads(id)).toEqual([patternBytes(500)]);
    await other.announce(await listingOf(ada, bob, cooperative, { madeAt: now }));
    const kept = (await other.directory(cooperative)).find(({ device }) => device === alice.device);
    expect(kept).toMatchObject({ ...listing, online: false, neighbourhood: entry?.neighbourhood });
    expect(kept?.seenAt).toBe(now - 3_600_000);
    // The hour in which the broker was away counts against nobody.
    expect(kept?.reliability).toBeGreaterThan(0.9);
    await cleanup.run();
    await rm(dataDir, { recursive: true });
  });
});
