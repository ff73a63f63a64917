import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { parseCooperativeId, parseDeviceId, parseRendezvousId } from '../../../src/core/ids.ts';
import { BROKER_CONTEXTS, brokerProofText } from '../../../src/core/wire/broker-auth.ts';
import { fromBase64url, toBase64url } from '../../../src/core/wire/broker-base64.ts';
import type { BrokerRequest } from '../../../src/core/wire/broker-requests.ts';
import { readReply } from '../../../src/core/wire/broker-requests.ts';
import {
  decodeFromBroker,
  decodeToBroker,
  encodeChallenge,
  encodeDirectoryPush,
  encodeFault,
  encodeReply,
  encodeRosterPush,
  encodeToBroker,
  encodeWelcome,
} from '../../../src/core/wire/broker.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const cooperative = parseCooperativeId('c'.repeat(64));
const device = parseDeviceId('d'.repeat(40));
const rendezvous = parseRendezvousId('e'.repeat(64));
const listing = {
  cooperative,
  certificate: patternBytes(200),
  offered: 10 * 2 ** 30,
  free: 0,
  storageClass: 'installed',
  persisted: true,
  family: 'chromium',
  system: 'linux',
  zone: -210,
  version: '0.1.0',
} as const;
const entry = { ...listing, device, online: true, reliability: 0.25, neighbourhood: 'abc', seenAt: 1.8e12 };

const requests: readonly BrokerRequest[] = [
  { ask: 'announce', listing },
  { ask: 'directory', cooperative, after: undefined },
  { ask: 'directory', cooperative, after: device },
  { ask: 'roster', cooperative, from: 3 },
  { ask: 'append', cooperative, position: 3, entry: patternBytes(300) },
  { ask: 'hold', cooperative, ids: [rendezvous] },
  { ask: 'lookup', rendezvous },
  { ask: 'leave-head', rendezvous, cooperative, head: patternBytes(1000) },
  { ask: 'take-heads', rendezvous, after: device },
  { ask: 'ice' },
];

/** Every cut of a frame must be refused as malformed. */
function refusesEveryCut(bytes: Bytes, decode: (bytes: Uint8Array) => unknown): void {
  for (let length = 0; length < bytes.length; length++) {
    let fault: unknown;
    try {
      decode(bytes.subarray(0, length));
    } catch (error) {
      fault = error instanceof RoostError ? error.fault : error;
    }
    expect(fault, `${length} of ${bytes.length} bytes`).toBe('malformed');
  }
}

describe('frames to the broker', () => {
  it.each(requests.map((request) => [request.ask, request] as const))('carry %s', (_ask, request) => {
    const frame = { type: 'request', id: 7, request } as const;
    const bytes = encodeToBroker(frame);
    expect(decodeToBroker(bytes)).toEqual(frame);
    refusesEveryCut(bytes, decodeToBroker);
  });

  it('carry a proof', () => {
    const frame = { type: 'proof', publicKey: patternBytes(32), signature: patternBytes(64) } as const;
    expect(decodeToBroker(encodeToBroker(frame))).toEqual(frame);
  });

  it('are refused when a bound is broken', () => {
    const request = (fields: object) => encodeCbor({ type: 'request', id: 1, ...fields });
    const coop = patternBytes(32);
    for (const bytes of [
      request({ ask: 'roster', cooperative: coop, from: 20_001 }),
      request({ ask: 'roster', cooperative: coop.subarray(1), from: 0 }),
      request({ ask: 'append', cooperative: coop, position: 0, entry: patternBytes(4097) }),
      request({ ask: 'hold', cooperative: coop, ids: Array.from({ length: 2049 }, () => coop) }),
      request({ ask: 'leave-head', rendezvous: coop, cooperative: coop, head: patternBytes(70_000) }),
      request({ ask: 'ice', more: 1 }),
      request({ ask: 'other' }),
      encodeCbor({ type: 'request', id: -1, ask: 'ice' }),
    ]) {
      expect(() => decodeToBroker(bytes)).toThrow(expect.objectContaining({ fault: 'malformed' }));
    }
  });
});

describe('frames from the broker', () => {
  it('carry challenges, faults and pushes', () => {
    const frames: readonly (readonly [Bytes, object])[] = [
      [encodeChallenge(patternBytes(32)), { type: 'challenge', nonce: patternBytes(32) }],
      [encodeWelcome(), { type: 'welcome' }],
      [encodeFault(3, 'full', 'too many'), { type: 'fault', id: 3, fault: 'full', message: 'too many' }],
      [encodeDirectoryPush(cooperative, [entry]), { type: 'directory', cooperative, entries: [entry] }],
      [encodeRosterPush(cooperative, 12), { type: 'roster', cooperative, length: 12 }],
    ];
    for (const [bytes, frame] of frames) {
      expect(decodeFromBroker(bytes)).toEqual(frame);
      refusesEveryCut(bytes, decodeFromBroker);
    }
  });

  it('cut a long message of a fault instead of breaking their bound', () => {
    const frame = decodeFromBroker(encodeFault(3, 'internal', '\u{1f9ba}'.repeat(1000)));
    expect(frame).toMatchObject({ type: 'fault' });
  });

  it('carry the reply to each request', () => {
    const read = (bytes: Bytes) => {
      const frame = decodeFromBroker(bytes);
      if (frame.type !== 'reply') throw new Error(`expected a reply, got ${frame.type}`);
      return frame.result;
    };
    const page = { entries: [entry], next: device };
    expect(readReply('directory', read(encodeReply(1, 'directory', page)))).toEqual(page);
    const roster = { entries: [patternBytes(10)], more: true };
    expect(readReply('roster', read(encodeReply(1, 'roster', roster)))).toEqual(roster);
    const found = { found: [{ cooperative, device, online: false }] };
    expect(readReply('lookup', read(encodeReply(1, 'lookup', found)))).toEqual(found);
    const heads = {
      heads: [patternBytes(66_000), patternBytes(66_000), patternBytes(66_000)],
      next: undefined,
    };
    expect(readReply('take-heads', read(encodeReply(1, 'take-heads', heads)))).toEqual(heads);
    const ice = { servers: [{ urls: ['stun:a'] }, { urls: ['turn:b'], username: 'u', credential: 'c' }] };
    expect(readReply('ice', read(encodeReply(1, 'ice', ice)))).toEqual(ice);
    expect(readReply('append', read(encodeReply(1, 'append', { appended: false })))).toEqual({
      appended: false,
    });
    expect(() => readReply('append', read(encodeReply(1, 'ice', ice)))).toThrow('append');
  });
});

describe('the text a device signs', () => {
  it('is one text for one context, origin, id and nonce', () => {
    const text = brokerProofText(BROKER_CONTEXTS.signaling, 'https://roost.example', device, 'A'.repeat(43));
    expect(new TextDecoder().decode(text)).toBe(
      `roost/1/broker/signaling\nhttps://roost.example\n${device}\n${'A'.repeat(43)}`,
    );
  });

  it.each([
    'https://Roost.example',
    'https://roost.example/',
    'https://roost.example:443',
    'wss://roost.example',
    'x',
  ])('is not made for %s, which is no origin in its one form', (origin) => {
    expect(() => brokerProofText(BROKER_CONTEXTS.signaling, origin, device, 'A'.repeat(43))).toThrow(
      RoostError,
    );
  });
});

describe('base64url', () => {
  it('agrees with that of Node.js for every length', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = patternBytes(length, length + 1);
      const text = Buffer.from(bytes).toString('base64url');
      expect(toBase64url(bytes)).toBe(text);
      expect(fromBase64url('value', text, length)).toEqual(bytes);
    }
  });

  it('reads one text for one value', () => {
    expect(() => fromBase64url('value', 'AB', 1)).toThrow('zero bits');
    expect(() => fromBase64url('value', 'A=', 1)).toThrow('another character');
    expect(() => fromBase64url('value', 'A', 1)).toThrow('2 base64url digits');
  });
});
