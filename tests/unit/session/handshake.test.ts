import { describe, expect, it } from 'vitest';
import { openSession } from '../../../src/agent/session/open-session.ts';
import type { SessionOptions } from '../../../src/agent/session/open-session.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import { issueCertificate } from '../../../src/core/identity/certificate.ts';
import { cooperativeIdFromBytes } from '../../../src/core/ids.ts';
import type { Message } from '../../../src/core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/wire/messages.ts';
import type { PairOptions, TestChannel } from './channel-pair.ts';
import { channelPair } from './channel-pair.ts';
import type { TestDevice } from './devices.ts';
import {
  COOPERATIVE,
  ManualClock,
  NOW,
  makeDevice,
  pairOf,
  sessionOptions,
  signer,
  suite,
  turns,
} from './devices.ts';

type Ends = readonly [PromiseSettledResult<unknown>, PromiseSettledResult<unknown>];
const fault = (end: PromiseSettledResult<unknown>): string =>
  end.status === 'fulfilled' ? 'open' : end.reason.fault;

interface Try {
  readonly pair?: Partial<PairOptions>;
  readonly a?: Partial<SessionOptions>;
  readonly b?: Partial<SessionOptions>;
}

/** Opens both ends and gives what became of each, in the end by the timeout. */
async function attempt(a: TestDevice, b: TestDevice, how: Try = {}): Promise<Ends> {
  const [channelA, channelB] = pairOf(a, b, how.pair);
  return settle(channelA, channelB, a, b, how);
}

async function settle(
  channelA: TestChannel,
  channelB: TestChannel,
  a: TestDevice,
  b: TestDevice,
  how: Try,
): Promise<Ends> {
  const clock = new ManualClock();
  const ends = Promise.allSettled([
    openSession(channelA, sessionOptions(a, clock, how.a)),
    openSession(channelB, sessionOptions(b, clock, how.b)),
  ] as const);
  // What neither end decides within real time enough for its crypto is decided by the timeout.
  const idle = new Promise((resolve) => setTimeout(resolve, 1000));
  await Promise.race([ends, idle]);
  await clock.advance(16_000);
  return ends;
}

/** Changes one kind of message from one side. */
function tamper(
  from: 'initiator' | 'responder',
  change: (message: Message) => Message | undefined,
): Partial<PairOptions> {
  return {
    middle: (side, bytes) => {
      if (side !== from) return [bytes];
      const changed = change(decodeMessage(bytes).message);
      return [changed === undefined ? bytes : encodeMessage(changed)];
    },
  };
}

const flipped = (bytes: Bytes): Bytes => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));

describe('the handshake', () => {
  it('opens for a fresh device of a member account, in either direction', async () => {
    const owner = await signer();
    const [a, b] = [await makeDevice(owner), await makeDevice()];
    const isMember: SessionOptions['isMember'] = async (account, cooperative) =>
      [a.account, b.account].includes(account) && cooperative === COOPERATIVE;
    expect((await attempt(a, b, { a: { isMember }, b: { isMember } })).map(fault)).toEqual(['open', 'open']);
    const fresh = await makeDevice(owner);
    expect((await attempt(fresh, b, { b: { isMember } })).map(fault)).toEqual(['open', 'open']);
    expect((await attempt(b, fresh, { a: { isMember } })).map(fault)).toEqual(['open', 'open']);
  });

  it('gives no session when the broker swapped the fingerprints', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const print = (n: number): Bytes => new Uint8Array(32).fill(n);
    // What a broker in the middle brings about: each end has a DTLS connection with the broker.
    const bindings = {
      initiator: [print(1), print(9)],
      responder: [print(2), print(9)],
    } as PairOptions['bindings'];
    const ends = await attempt(a, b, { pair: { bindings: bindings! } });
    expect(ends.map(fault)).toEqual(['corrupt', 'corrupt']);
  });

  it('gives no session to who is not on the roster, and says so to both', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const isMember = (): Promise<boolean> => Promise.resolve(false);
    expect((await attempt(a, b, { b: { isMember } })).map(fault)).toEqual(['refused', 'refused']);
    expect((await attempt(a, b, { a: { isMember } })).map(fault)).toEqual(['refused', 'refused']);
  });

  it('gives no session in a cooperative that the other end is not of', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const other = cooperativeIdFromBytes(new Uint8Array(32).fill(99));
    expect((await attempt(a, b, { b: { cooperatives: [other] } })).map(fault)).toEqual([
      'refused',
      'refused',
    ]);
    expect((await attempt(a, b, { b: { cooperatives: [other, COOPERATIVE] } })).map(fault)).toEqual([
      'open',
      'open',
    ]);
  });

  it('gives no session to a device that shows another’s certificate', async () => {
    const [a, b, victim] = [await makeDevice(), await makeDevice(), await makeDevice()];
    const thief: TestDevice = {
      ...a,
      certificate: victim.certificate,
      device: victim.device,
      account: victim.account,
    };
    expect((await attempt(thief, b)).map(fault)).toEqual(['corrupt', 'corrupt']);
    const [channelA, channelB] = channelPair({
      claimed: { initiatorSees: victim.device, responderSees: b.device },
    });
    expect((await settle(channelA, channelB, b, thief, {})).map(fault)).toEqual(['corrupt', 'corrupt']);
  });

  it('gives no session to another device than the one that was called', async () => {
    const [a, b, other] = [await makeDevice(), await makeDevice(), await makeDevice()];
    const [channelA, channelB] = channelPair({
      claimed: { initiatorSees: other.device, responderSees: a.device },
    });
    expect((await settle(channelA, channelB, a, b, {})).map(fault)).toEqual(['refused', 'refused']);
  });

  it('gives no session for a certificate that no account signed, or that has expired', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const forged = tamper('initiator', (message) =>
      message.type === 'hello' ? { ...message, certificate: flipped(message.certificate) } : undefined,
    );
    expect((await attempt(a, b, { pair: forged })).map(fault)).not.toContain('open');
    const owner = await signer();
    const old: TestDevice = {
      ...a,
      certificate: await issueCertificate(suite, owner, {
        devicePublicKey: a.signer.publicKey,
        label: 'old',
        madeAt: NOW - 10 * 86_400_000,
        expiresAt: NOW - 5 * 86_400_000,
      }),
    };
    expect((await attempt(old, b)).map(fault)[0]).toBe('refused');
  });

  it('gives no session when anything that is signed was changed on the way', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const changes: ((message: Message) => Message | undefined)[] = [
      (m) => (m.type === 'hello' ? { ...m, nonce: flipped(m.nonce) } : undefined),
      (m) => (m.type === 'hello' ? { ...m, ephemeral: flipped(m.ephemeral) } : undefined),
      (m) => (m.type === 'hello' ? { ...m, version: 2 } : undefined),
      (m) =>
        m.type === 'hello' ? { ...m, role: m.role === 'initiator' ? 'responder' : 'initiator' } : undefined,
      (m) => (m.type === 'prove' ? { ...m, signature: flipped(m.signature) } : undefined),
      (m) => (m.type === 'prove' ? { ...m, confirm: flipped(m.confirm) } : undefined),
    ];
    for (const from of ['initiator', 'responder'] as const) {
      for (const [index, change] of changes.entries()) {
        const ends = await attempt(a, b, { pair: tamper(from, change) });
        expect(ends.map(fault), `${from} ${index}`).not.toContain('open');
      }
    }
  });

  it('gives no session to an echo of our own messages', async () => {
    const a = await makeDevice();
    const clock = new ManualClock();
    const [channel, mirror] = channelPair({ claimed: { initiatorSees: a.device, responderSees: a.device } });
    mirror.onMessage((bytes) => mirror.send(bytes));
    const end = openSession(channel, sessionOptions(a, clock));
    await expect(end).rejects.toMatchObject({ fault: 'malformed' });
    // The same with the role turned round, which the hello does not sign but the proof does.
    const [second, turning] = channelPair({ claimed: { initiatorSees: a.device, responderSees: a.device } });
    turning.onMessage((bytes) => {
      const { message } = decodeMessage(bytes);
      turning.send(encodeMessage(message.type === 'hello' ? { ...message, role: 'responder' } : message));
    });
    await expect(openSession(second, sessionOptions(a, clock))).rejects.toMatchObject({ fault: 'refused' });
  });

  it('gives no session to a made-up proof beside a true certificate', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const [channel, attacker] = channelPair({
      claimed: { initiatorSees: b.device, responderSees: a.device },
    });
    attacker.onMessage((bytes) => {
      const { message } = decodeMessage(bytes);
      if (message.type !== 'hello') return;
      attacker.send(encodeMessage({ ...message, role: 'responder', certificate: b.certificate }));
      attacker.send(
        encodeMessage({ type: 'prove', signature: new Uint8Array(64), confirm: new Uint8Array(32) }),
      );
    });
    const end = openSession(channel, sessionOptions(a, new ManualClock()));
    await expect(end).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('gives no session to a recording of an earlier one', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const recorded: Bytes[] = [];
    const record: Partial<PairOptions> = {
      middle: (side, bytes) => {
        if (side === 'initiator') recorded.push(bytes);
        return [bytes];
      },
    };
    expect((await attempt(a, b, { pair: record })).map(fault)).toEqual(['open', 'open']);
    const [attacker, channelB] = pairOf(a, b);
    for (const bytes of recorded.slice(0, 2)) attacker.send(bytes);
    const end = openSession(channelB, sessionOptions(b, new ManualClock()));
    await expect(end).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('takes no other message first, none twice, none early', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const extra: Record<string, (bytes: Bytes, type: string) => readonly Bytes[]> = {
      'a request first': (bytes, type) =>
        type === 'hello' ? [encodeMessage({ type: 'ping', nonce: 1 }), bytes] : [bytes],
      'hello twice': (bytes, type) => (type === 'hello' ? [bytes, bytes] : [bytes]),
      'prove twice': (bytes, type) => (type === 'prove' ? [bytes, bytes] : [bytes]),
      'request before welcome': (bytes, type) =>
        type === 'prove' ? [bytes, encodeMessage({ type: 'ping', nonce: 1 })] : [bytes],
      'welcome from the initiator': (bytes, type) =>
        type === 'prove' ? [encodeMessage({ type: 'welcome' })] : [bytes],
      garbage: () => [new Uint8Array([0, 1, 0xff])],
      nothing: () => [new Uint8Array(0)],
      'too long': () => [new Uint8Array(5000)],
      'a flood': (bytes) => [bytes, bytes, bytes, bytes, bytes],
    };
    for (const [what, change] of Object.entries(extra)) {
      const middle: PairOptions['middle'] = (side, bytes) =>
        side === 'initiator' ? change(bytes, decodeMessage(bytes).message.type) : [bytes];
      const ends = await attempt(a, b, { pair: { middle } });
      expect(fault(ends[1]), what).toBe('malformed');
    }
  });

  it('ends after 15 seconds when the other side says nothing, at once when its signal fires or the channel closes', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const clock = new ManualClock();
    const silent = openSession(pairOf(a, b)[0], sessionOptions(a, clock));
    const timedOut = expect(silent).rejects.toMatchObject({ fault: 'timeout' });
    await turns();
    await clock.advance(15_000);
    await timedOut;
    const controller = new AbortController();
    const [channel, other] = pairOf(a, b);
    const stopped = openSession(channel, sessionOptions(a, clock, { signal: controller.signal }));
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ fault: 'aborted' });
    await turns();
    expect([channel.closedBecause, other.closedBecause].every((reason) => reason !== undefined)).toBe(true);
    const [lost] = pairOf(a, b);
    const broken = openSession(lost, sessionOptions(a, clock));
    lost.cut('cable');
    await expect(broken).rejects.toMatchObject({ fault: 'unreachable' });
  });

  it('ends at once on a channel that is closed already, or that kept a flood for it', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const options = sessionOptions(a, new ManualClock());
    const [closed] = pairOf(a, b);
    closed.close();
    await expect(openSession(closed, options)).rejects.toMatchObject({ fault: 'unreachable' });
    const [, flooded] = pairOf(b, a);
    for (let i = 0; i < 10; i++) flooded.deliver(new Uint8Array(100));
    await expect(openSession(flooded, options)).rejects.toMatchObject({ fault: 'malformed' });
  });

  it('gives no session to a responder that names another cooperative of ours', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const other = cooperativeIdFromBytes(new Uint8Array(32).fill(99));
    const renamed = tamper('responder', (m) =>
      m.type === 'hello' ? { ...m, cooperative: other } : undefined,
    );
    const ends = await attempt(a, b, { pair: renamed, a: { cooperatives: [COOPERATIVE, other] } });
    expect(ends.map(fault)).toEqual(['refused', 'refused']);
  });

  it('draws fresh ephemerals and nonces each time', async () => {
    const [a, b] = [await makeDevice(), await makeDevice()];
    const hellos: Message[] = [];
    const record: Partial<PairOptions> = {
      middle: (_side, bytes) => {
        const { message } = decodeMessage(bytes);
        if (message.type === 'hello') hellos.push(message);
        return [bytes];
      },
    };
    await attempt(a, b, { pair: record });
    await attempt(a, b, { pair: record });
    const keys = hellos.map((hello) => (hello.type === 'hello' ? hello.ephemeral : new Uint8Array(0)));
    expect(keys).toHaveLength(4);
    expect(keys.every((key, i) => keys.every((other, j) => i === j || !equalBytes(key, other)))).toBe(true);
  });
});
