import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningBroker } from '../../../signaling/broker.ts';
import { answerSignalingChallenge } from '../../../src/adapters/websocket/signaling-auth.ts';
import type { NetworkIdentity } from '../../../src/ports/platform.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import {
  Cleanup,
  PeerSocket,
  challengeOf,
  newIdentity,
  offer,
  openPeer,
  peerUrl,
  testBroker,
} from './devices.ts';

const cleanup = new Cleanup();
let broker: RunningBroker;
let alice: NetworkIdentity;
let bob: NetworkIdentity;

beforeEach(async () => {
  broker = cleanup.add(await testBroker({ limits: { mailboxMs: 300, mailboxMessages: 4 } }));
  alice = await newIdentity();
  bob = await newIdentity();
});
afterEach(() => cleanup.run());

const dial = (url: string): PeerSocket => cleanup.add(new PeerSocket(url));
const open = async (identity: NetworkIdentity): Promise<PeerSocket> =>
  cleanup.add(await openPeer(broker, identity));

describe('the proof of an id', () => {
  it('opens for the device whose key the id is of', async () => {
    const peer = await open(alice);
    expect(peer.closeCode).toBeUndefined();
  });

  it('gives no id to a device that claims another', async () => {
    const thief = dial(peerUrl(broker, alice.device));
    const challenge = await challengeOf(thief);
    thief.send(await answerSignalingChallenge(broker.origin, { ...bob, device: alice.device }, challenge));
    expect(await thief.next('OPEN')).toBeUndefined();
    expect(thief.received.map(({ type }) => type)).toEqual(['ID-TAKEN']);
    expect(thief.closeCode).toBe(4003);
  });

  it('refuses a key that fits the id with a signature of another key', async () => {
    const thief = dial(peerUrl(broker, alice.device));
    const forged = { ...alice, sign: bob.sign };
    thief.send(await answerSignalingChallenge(broker.origin, forged, await challengeOf(thief)));
    expect(await thief.next('OPEN')).toBeUndefined();
    expect(thief.received.map(({ type }) => type)).toEqual(['ERROR']);
  });

  it('refuses a proof that was made for another origin', async () => {
    const relayed = dial(peerUrl(broker, alice.device));
    const challenge = await challengeOf(relayed);
    relayed.send(await answerSignalingChallenge('https://evil.example', alice, challenge));
    expect(await relayed.next('OPEN')).toBeUndefined();
    expect(relayed.closeCode).toBe(4003);
  });

  it('refuses a proof that was made for another nonce', async () => {
    const first = dial(peerUrl(broker, alice.device));
    const proof = await answerSignalingChallenge(broker.origin, alice, await challengeOf(first));
    const second = dial(peerUrl(broker, alice.device));
    await challengeOf(second);
    second.send(proof);
    expect(await second.next('OPEN')).toBeUndefined();
    expect(second.closeCode).toBe(4003);
  });

  it('drops a device that proves nothing in time', async () => {
    const strict = cleanup.add(await testBroker({ limits: { authenticationMs: 50 } }));
    const peer = dial(peerUrl(strict, alice.device));
    expect(await peer.closed()).toBe(4003);
  });

  it('relays nothing before the proof', async () => {
    const there = await open(bob);
    const here = dial(peerUrl(broker, alice.device));
    await challengeOf(here);
    here.send({ type: 'OFFER', dst: bob.device, payload: offer() });
    expect(await here.closed()).toBe(4004);
    expect(there.received).toEqual([]);
  });

  it('makes a device sign nothing but a challenge of this kind', async () => {
    const nonce = 'A'.repeat(43);
    await expectFault(answerSignalingChallenge(broker.origin, alice, { ctx: 'other', nonce }), 'malformed');
    const ctx = 'roost/1/broker/signaling';
    await expectFault(answerSignalingChallenge(broker.origin, alice, { ctx, nonce: 'short' }), 'malformed');
    await expectFault(answerSignalingChallenge(broker.origin, alice, undefined), 'malformed');
  });

  it('tells a wrong key and a malformed id apart from a taken one', async () => {
    expect((await dial(peerUrl(broker, alice.device, 'other')).next('INVALID-KEY'))?.type).toBe(
      'INVALID-KEY',
    );
    expect((await dial(peerUrl(broker, 'alice')).next('ERROR'))?.type).toBe('ERROR');
    expect((await dial(peerUrl(broker, alice.device, 'peerjs', '')).next('ERROR'))?.type).toBe('ERROR');
  });
});

describe('relaying', () => {
  it('passes offers, answers, candidates and farewells on, with the source filled in by the broker', async () => {
    const [here, there] = [await open(alice), await open(bob)];
    here.send({ type: 'OFFER', src: 'forged', dst: bob.device, payload: offer() });
    expect(await there.next('OFFER')).toMatchObject({ src: alice.device, dst: bob.device, payload: offer() });
    const answer = { type: 'data', connectionId: 'dc_1', sdp: { type: 'answer', sdp: 'v=0\r\n' } };
    there.send({ type: 'ANSWER', dst: alice.device, payload: answer });
    expect(await here.next('ANSWER')).toMatchObject({ src: bob.device, payload: answer });
    const candidate = {
      candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host',
      sdpMid: '0',
      sdpMLineIndex: 0,
    };
    here.send({
      type: 'CANDIDATE',
      dst: bob.device,
      payload: { type: 'data', connectionId: 'dc_1', candidate },
    });
    expect(await there.next('CANDIDATE')).toMatchObject({ src: alice.device, payload: { candidate } });
    here.send({ type: 'HEARTBEAT' });
    here.send({ type: 'LEAVE', dst: bob.device });
    expect(await there.next('LEAVE')).toMatchObject({ src: alice.device });
  });

  it('keeps an offer and its candidates for a device that comes in time, in order', async () => {
    const here = await open(alice);
    const candidate = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 };
    here.send({ type: 'OFFER', dst: bob.device, payload: offer() });
    here.send({
      type: 'CANDIDATE',
      dst: bob.device,
      payload: { type: 'data', connectionId: 'dc_1', candidate },
    });
    const there = await open(bob);
    await there.next('CANDIDATE');
    expect(there.received.map(({ type }) => type)).toEqual(['OFFER']);
  });

  it('tells once that an absent device did not come', async () => {
    const here = await open(alice);
    here.send({ type: 'OFFER', dst: bob.device, payload: offer('dc_1') });
    here.send({ type: 'OFFER', dst: bob.device, payload: offer('dc_2') });
    expect(await here.next('EXPIRE')).toMatchObject({ src: bob.device, dst: alice.device });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(here.received).toEqual([]);
    expect((await open(bob)).received).toEqual([]);
  });

  it('keeps no more offers than its bound for one source', async () => {
    const here = await open(alice);
    for (let i = 0; i < 5; i++) here.send({ type: 'OFFER', dst: bob.device, payload: offer(`dc_${i}`) });
    expect(await here.next('EXPIRE')).toMatchObject({ src: bob.device });
    const there = await open(bob);
    for (let i = 0; i < 4; i++) await there.next('OFFER');
    expect(there.received).toEqual([]);
  });

  it('forgets the offers of a device that went', async () => {
    const here = await open(alice);
    here.send({ type: 'OFFER', dst: bob.device, payload: offer() });
    here.send({ type: 'HEARTBEAT' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await here.close();
    const there = await open(bob);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(there.received).toEqual([]);
  });

  it('gives a device that lost its connection its own id back at once', async () => {
    const old = await open(alice);
    const fresh = await open(alice);
    expect(await old.closed()).toBe(4001);
    const there = await open(bob);
    there.send({ type: 'OFFER', dst: alice.device, payload: offer() });
    expect((await fresh.next('OFFER'))?.type).toBe('OFFER');
    there.send({ type: 'OFFER', dst: alice.device, payload: offer() });
    expect((await fresh.next('OFFER'))?.type).toBe('OFFER');
  });
});

describe('what a client may not send', () => {
  const bad: Record<string, unknown> = {
    'no JSON': '{',
    'no object': '[]',
    'an unknown type': { type: 'OPEN' },
    'a second proof': { type: 'AUTH', payload: { pub: '', sig: '' } },
    'a destination that is no id': { type: 'OFFER', dst: 'bob', payload: offer() },
    'no payload': { type: 'OFFER', dst: '0'.repeat(40) },
    'a call': { type: 'OFFER', dst: '0'.repeat(40), payload: { ...(offer() as object), type: 'media' } },
    'another serialization': {
      type: 'OFFER',
      dst: '0'.repeat(40),
      payload: { ...(offer() as object), serialization: 'binary' },
    },
    'an answer as an offer': {
      type: 'OFFER',
      dst: '0'.repeat(40),
      payload: { ...(offer() as object), sdp: { type: 'answer', sdp: '' } },
    },
    'too much metadata': {
      type: 'OFFER',
      dst: '0'.repeat(40),
      payload: { ...(offer() as object), metadata: 'x'.repeat(2000) },
    },
    'a candidate with a wrong line': {
      type: 'CANDIDATE',
      dst: '0'.repeat(40),
      payload: { type: 'data', connectionId: 'a', candidate: { candidate: '', sdpMLineIndex: -1 } },
    },
  };
  it.each(Object.entries(bad))('%s ends the socket with a named fault', async (_name, message) => {
    const peer = await open(alice);
    peer.send(message);
    expect((await peer.next('ERROR'))?.['payload']).toMatchObject({ msg: expect.any(String) });
    expect(await peer.closed()).toBe(4004);
  });

  it('a message beyond the bound ends the socket before it is read', async () => {
    const peer = await open(alice);
    peer.send('x'.repeat(40_000));
    expect(await peer.closed()).toBe(1009);
  });

  it('more messages than the rate end the socket', async () => {
    const strict = cleanup.add(await testBroker({ limits: { signals: { burst: 5, perSecond: 0 } } }));
    const peer = cleanup.add(await openPeer(strict, alice));
    for (let i = 0; i < 6; i++) peer.send({ type: 'HEARTBEAT' });
    expect(await peer.closed()).toBe(4029);
  });

  it('nobody who has not proved an id can use up the rate of its owner', async () => {
    const strict = cleanup.add(await testBroker({ limits: { signals: { burst: 5, perSecond: 0 } } }));
    for (let i = 0; i < 3; i++) {
      const thief = dial(peerUrl(strict, alice.device));
      await challengeOf(thief);
      for (let j = 0; j < 8; j++) thief.send({ type: 'HEARTBEAT' });
      await thief.close();
    }
    const peer = cleanup.add(await openPeer(strict, alice));
    peer.send({ type: 'OFFER', dst: alice.device, payload: offer() });
    expect((await peer.next('OFFER'))?.type).toBe('OFFER');
  });
});
