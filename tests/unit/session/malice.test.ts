import { describe, expect, it } from 'vitest';
import { expectFault } from '../../contracts/expect-fault.ts';
import { openSession } from '../../../src/agent/session/open-session.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { rendezvousIdFromBytes } from '../../../src/core/ids.ts';
import { HEAD_MAX_BYTES, MIB, SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { Ask } from '../../../src/core/wire/asks.ts';
import { Handshake } from '../../../src/core/wire/handshake.ts';
import {
  ANSWERS_MAX_BYTES,
  AUDIT_MAX_SEGMENTS,
  HEADS_MAX,
  WINDOW_MAX_BYTES,
  WINDOW_START_BYTES,
} from '../../../src/core/wire/limits.ts';
import type { Message } from '../../../src/core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/wire/messages.ts';
import type { TestChannel } from './channel-pair.ts';
import type { TestDevice } from './devices.ts';
import {
  AGREEMENT,
  COOPERATIVE,
  ManualClock,
  NOW,
  makeDevice,
  pairOf,
  sessionOptions,
  shard,
  suite,
  turns,
} from './devices.ts';

/** A member that proves itself properly and then says what the test wants. */
interface Rogue {
  readonly honest: TestDevice;
  readonly remote: Remote;
  readonly clock: ManualClock;
  readonly heard: Message[];
  say(message: Message, body?: Bytes): void;
  raw(bytes: Bytes): void;
}

async function rogue(): Promise<Rogue> {
  const [bad, honest] = [await makeDevice(), await makeDevice()];
  const clock = new ManualClock();
  const [mine, theirs] = pairOf(bad, honest);
  const opening = openSession(theirs, sessionOptions(honest, clock));
  const heard = await prove(mine, bad, honest);
  const raw = (bytes: Bytes): void => {
    if (mine.closedBecause === undefined) mine.send(bytes);
  };
  return {
    honest,
    remote: await opening,
    clock,
    heard,
    raw,
    say: (message, body) => raw(encodeMessage(message, body)),
  };
}

async function prove(channel: TestChannel, self: TestDevice, other: TestDevice): Promise<Message[]> {
  const handshake = await Handshake.create({
    suite,
    role: 'initiator',
    cooperatives: [COOPERATIVE],
    certificate: self.certificate,
    self,
    sign: (message) => self.signer.sign(message),
    claimed: other.device,
    binding: channel.binding,
    nonce: new Uint8Array(32),
    now: NOW,
    isMember: () => Promise.resolve(true),
  });
  const heard: Message[] = [];
  let work = Promise.resolve();
  let proved = (): void => undefined;
  const done = new Promise<void>((resolve) => (proved = resolve));
  channel.onMessage((bytes) => {
    const { message } = decodeMessage(bytes);
    work = work.then(async () => {
      if (message.type === 'hello' || message.type === 'prove') {
        for (const each of (await handshake.receive(message)).send) channel.send(encodeMessage(each));
      } else if (message.type === 'welcome') proved();
      else heard.push(message);
    });
  });
  for (const message of handshake.start()) channel.send(encodeMessage(message));
  await done;
  return heard;
}

const put = (id: number, row: number, bytes: number): Message => ({
  type: 'request',
  id,
  window: WINDOW_START_BYTES,
  ask: { kind: 'put', agreement: AGREEMENT, row: shard(row, bytes).row },
});
const ask = (id: number, what: Ask): Message => ({
  type: 'request',
  id,
  window: WINDOW_START_BYTES,
  ask: what,
});
const HEADS: Ask = { kind: 'heads', rendezvous: rendezvousIdFromBytes(new Uint8Array(32)) };
const plain = (id: number): Message => ({
  type: 'request',
  id,
  window: WINDOW_START_BYTES,
  ask: { kind: 'agreements' },
});

describe('a session ends with a named fault', () => {
  const breaches: Record<string, (bad: Rogue) => Promise<void> | void> = {
    'on garbage': (bad) => bad.raw(new Uint8Array([0, 3, 1, 2, 3])),
    'on an empty message': (bad) => bad.raw(new Uint8Array(0)),
    'on a frame beyond the limit': (bad) => bad.raw(new Uint8Array(80_000)),
    'on a second hello': (bad) =>
      bad.say({
        type: 'hello',
        version: 1,
        role: 'initiator',
        cooperative: COOPERATIVE,
        certificate: new Uint8Array(100),
        ephemeral: new Uint8Array(32),
        nonce: new Uint8Array(32),
      }),
    'on a second welcome': (bad) => bad.say({ type: 'welcome' }),
    'on a reply to nothing': (bad) => bad.say({ type: 'reply', id: 2, items: 0, more: false }),
    'on a fault for nothing': (bad) => bad.say({ type: 'fault', id: 2, fault: 'full', message: '' }),
    'on a reply to nothing that has an item': (bad) =>
      bad.say({ type: 'reply', id: 2, items: 1, more: false }, new Uint8Array(1)),
    'on an item beyond the one that came with the request': (bad) => {
      bad.say(
        { type: 'request', id: 1, window: WINDOW_START_BYTES, ask: { kind: 'propose' } },
        new Uint8Array(9),
      );
      bad.say({ type: 'item', id: 1 }, new Uint8Array(1));
    },
    'on an item with a request that has none': (bad) => bad.say(plain(1), new Uint8Array(1)),
    'on an item for nothing': (bad) => bad.say({ type: 'item', id: 1 }, new Uint8Array(1)),
    'on an item for a request of ours that was never made': (bad) =>
      bad.say({ type: 'item', id: 2 }, new Uint8Array(1)),
    'on credit for a request never made': (bad) => bad.say({ type: 'credit', id: 1, bytes: 1 }),
    'on credit for a request of ours never made': (bad) => bad.say({ type: 'credit', id: 8, bytes: 1 }),
    'on credit where no reply is under way': (bad) => {
      bad.say(put(1, 1, 1000));
      bad.say({ type: 'credit', id: 1, bytes: 1 });
    },
    'on a request numbered as ours': (bad) => bad.say(plain(2)),
    'on a request number used again': (bad) => {
      bad.say(plain(1));
      bad.say(plain(1));
    },
    'on request numbers that fall': (bad) => {
      bad.say(plain(5));
      bad.say(plain(3));
    },
    'on the seventeenth request at once': (bad) => {
      for (let i = 0; i < 17; i++) bad.say(put(1 + 2 * i, i, 1000));
    },
    'on an item beyond the credit': (bad) => {
      bad.say(put(1, 404, MIB));
      for (let i = 0; i < 2; i++) bad.say({ type: 'item', id: 1 }, new Uint8Array(SEALED_SEGMENT_BYTES));
    },
    'on a segment of a wrong length': (bad) => {
      bad.say(put(1, 1, SEALED_SEGMENT_BYTES + 100));
      bad.say({ type: 'item', id: 1 }, new Uint8Array(500));
    },
    'on an item more than the request has': (bad) => {
      bad.honest.handler.gate = () => new Promise(() => undefined);
      bad.say(put(1, 1, 100));
      for (let i = 0; i < 2; i++) bad.say({ type: 'item', id: 1 }, new Uint8Array(100));
    },
    'on a release of nonsense': (bad) => {
      bad.say({
        type: 'request',
        id: 1,
        window: WINDOW_START_BYTES,
        ask: { kind: 'release', agreement: AGREEMENT },
      });
      bad.say({ type: 'item', id: 1 }, new Uint8Array([0xff]));
    },
    'on more credit than any window': async (bad) => {
      const { row, sealed } = shard(1, 5 * MIB);
      bad.remote.put(AGREEMENT, row, sealed).catch(() => undefined);
      await turns(5);
      for (let i = 0; i < 3; i++) bad.say({ type: 'credit', id: 2, bytes: WINDOW_MAX_BYTES - 100_000 });
    },
    'on a reply with more items than asked for': async (bad) => {
      bad.remote.get(AGREEMENT, 1, 0, 2).catch(() => undefined);
      await turns(5);
      bad.say({ type: 'reply', id: 2, items: 3, more: false });
    },
    'on an item before its reply': async (bad) => {
      bad.remote.get(AGREEMENT, 1, 0, 2).catch(() => undefined);
      await turns(5);
      bad.say({ type: 'item', id: 2 }, new Uint8Array(1));
    },
    'on two replies to one request': async (bad) => {
      bad.remote.get(AGREEMENT, 1, 0, 2).catch(() => undefined);
      await turns(5);
      for (let i = 0; i < 2; i++) bad.say({ type: 'reply', id: 2, items: 2, more: false });
    },
    'on credit for a request without a payload': async (bad) => {
      bad.remote.agreements().catch(() => undefined);
      await turns(5);
      bad.say({ type: 'credit', id: 2, bytes: 5 });
    },
  };

  for (const [when, breach] of Object.entries(breaches)) {
    it(when, async () => {
      const bad = await rogue();
      await breach(bad);
      await turns();
      expect(bad.remote.closed).toBe(true);
      expect(bad.heard.at(-1)).toMatchObject({ type: 'bye', fault: 'malformed' });
    });
  }
});

describe('a partner that behaves badly within the rules', () => {
  it('that answers nonsense costs the request, not the agent', async () => {
    const bad = await rogue();
    const asked = bad.remote.ledger(AGREEMENT, -1);
    await turns(5);
    bad.say({ type: 'reply', id: 2, items: 1, more: false });
    bad.say({ type: 'item', id: 2 }, new Uint8Array([0, 0, 0, 9, 1]));
    await expect(asked).rejects.toMatchObject({ fault: 'malformed' });
  });

  it('that gives fewer segments than asked for is told from one that has none', async () => {
    const bad = await rogue();
    const asked = bad.remote.get(AGREEMENT, 1, 0, 2);
    await turns(5);
    bad.say({ type: 'reply', id: 2, items: 0, more: false });
    await expect(asked).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('that turns a roster page round for ever is stopped', async () => {
    const bad = await rogue();
    const asked = bad.remote.roster(COOPERATIVE, 0);
    await turns(5);
    bad.say({ type: 'reply', id: 2, items: 0, more: true });
    await expect(asked).rejects.toMatchObject({ fault: 'malformed' });
  });

  it('that claims to stop us does not look like the user stopping', async () => {
    const bad = await rogue();
    const asked = bad.remote.agreements();
    await turns(5);
    bad.say({ type: 'fault', id: 2, fault: 'aborted', message: 'no' });
    await expect(asked).rejects.toMatchObject({ fault: 'unreachable' });
  });

  it('that sends half a shard and waits loses the request after 30 seconds', async () => {
    const bad = await rogue();
    bad.say(put(1, 1, MIB));
    bad.say({ type: 'item', id: 1 }, new Uint8Array(SEALED_SEGMENT_BYTES));
    await turns();
    for (let i = 0; i < 8; i++) {
      bad.say({ type: 'pong', nonce: 0 });
      await turns(3);
      await bad.clock.advance(5_000);
    }
    expect(bad.heard).toContainEqual(expect.objectContaining({ type: 'fault', id: 1, fault: 'timeout' }));
    expect(bad.honest.handler.aborted).toBe(1);
    expect(bad.remote.closed).toBe(false);
  });

  it('that answers one item each 25 seconds keeps no request open for more than half an hour', async () => {
    const { remote, clock, heard, say } = await rogue();
    const asked = expectFault(remote.get(AGREEMENT, 1, 0, 160), 'timeout');
    const over: boolean[] = [];
    void asked.then(() => over.push(true));
    await turns();
    const { id } = heard.find((message) => message.type === 'request')!;
    say({ type: 'reply', id, items: 160, more: false });
    let seconds = 0;
    for (; over.length === 0 && seconds < 3 * 3600; seconds += 5) {
      if (seconds % 25 === 0) say({ type: 'item', id }, new Uint8Array(SEALED_SEGMENT_BYTES));
      else say({ type: 'pong', nonce: 0 });
      await turns(3);
      await clock.advance(5_000);
    }
    const minutes = seconds / 60;
    expect(minutes).toBeGreaterThan(28);
    expect(minutes).toBeLessThan(32);
    await asked;
  });

  it('that gives credit for a payload that is long gone keeps no request open', async () => {
    const { remote, clock, heard, say } = await rogue();
    const asked = expectFault(remote.receipt(new Uint8Array(600)), 'timeout');
    const over: boolean[] = [];
    void asked.then(() => over.push(true));
    await turns();
    const { id } = heard.find((message) => message.type === 'request')!;
    for (let seconds = 0; seconds < 120 && over.length === 0; seconds += 2) {
      await clock.advance(2_000);
      const ping = heard.find((message) => message.type === 'ping');
      heard.length = 0;
      if (ping) say({ type: 'pong', nonce: ping.nonce });
      if (seconds % 10 === 0) say({ type: 'credit', id, bytes: 1 });
    }
    expect(over).toEqual([true]);
    await asked;
  });

  it('that starts and cancels without end finds the holder busy, not overrun', async () => {
    const bad = await rogue();
    bad.honest.handler.gate = () => new Promise(() => undefined);
    let entered = 0;
    bad.honest.handler.propose = () => {
      entered++;
      return new Promise(() => undefined);
    };
    for (let id = 1; id < 400; id += 2) {
      bad.say({ type: 'request', id, window: WINDOW_START_BYTES, ask: { kind: 'propose' } });
      bad.say({ type: 'item', id }, new Uint8Array(1));
      await turns(1);
      bad.say({ type: 'cancel', id });
      await turns(2);
    }
    expect(entered).toBeLessThanOrEqual(32);
    expect(bad.heard).toContainEqual(expect.objectContaining({ type: 'fault', fault: 'busy' }));
    expect(bad.remote.closed).toBe(false);
  });

  /** Lets time pass with no sign of it but pongs, until `over` or so many seconds are gone. Returns the seconds. */
  async function wait(
    bad: Rogue,
    seconds: number,
    each: (second: number) => void,
    over: () => boolean,
  ): Promise<number> {
    let second = 0;
    for (; second < seconds && !over(); second += 5) {
      bad.say({ type: 'pong', nonce: 0 });
      each(second);
      await turns(3);
      await bad.clock.advance(5_000);
    }
    return second;
  }
  const faults = (bad: Rogue, fault: string): Message[] =>
    bad.heard.filter((message) => message.type === 'fault' && message.fault === fault);
  const replies = (bad: Rogue): Message[] => bad.heard.filter(({ type }) => type === 'reply');

  it('that asks for long lists and takes none of them makes us hold two, not sixteen', async () => {
    const bad = await rogue();
    const { handler } = bad.honest;
    handler.headsHeld = Array.from({ length: HEADS_MAX }, () => new Uint8Array(HEAD_MAX_BYTES));
    for (let id = 1; id < 32; id += 2) bad.say(ask(id, HEADS));
    await turns(200);
    expect(replies(bad)).toHaveLength(Math.floor(ANSWERS_MAX_BYTES / (HEADS_MAX * HEAD_MAX_BYTES)));
    expect(replies(bad).length + faults(bad, 'busy').length).toBe(16);
    expect(bad.remote.closed).toBe(false);
    // What is given up makes room.
    bad.say({ type: 'cancel', id: 1 });
    bad.say(ask(33, HEADS));
    bad.say(ask(35, HEADS));
    await turns();
    expect(replies(bad)).toContainEqual(expect.objectContaining({ id: 33 }));
    expect(faults(bad, 'busy')).toContainEqual(expect.objectContaining({ id: 35 }));
  });

  it('that lets audits be answered and takes no segment makes us hold those of two', async () => {
    const bad = await rogue();
    const commit = new Uint8Array(32);
    const count = AUDIT_MAX_SEGMENTS;
    bad.honest.handler.proof = Array.from({ length: count }, () => new Uint8Array(SEALED_SEGMENT_BYTES));
    for (let id = 1; id < 32; id += 2)
      bad.say(ask(id, { kind: 'audit-answer', agreement: AGREEMENT, commit, chance: commit, count }));
    await turns(200);
    expect(replies(bad)).toHaveLength(2);
    expect(faults(bad, 'busy')).toHaveLength(14);
  });

  it('that asks for many lists has them made one after another, and none that it has given up', async () => {
    const bad = await rogue();
    const { handler } = bad.honest;
    const finish: (() => void)[] = [];
    handler.heads = () => new Promise((resolve) => finish.push(() => resolve([])));
    for (let id = 1; id < 32; id += 2) bad.say(ask(id, HEADS));
    await turns();
    for (let id = 3; id < 30; id += 2) bad.say({ type: 'cancel', id });
    await turns();
    expect(finish).toHaveLength(1);
    finish[0]!();
    await turns();
    expect(finish).toHaveLength(2);
    finish[1]!();
    await turns();
    expect(replies(bad).map((message) => 'id' in message && message.id)).toEqual([1, 31]);
    expect(finish).toHaveLength(2);
  });

  it('that gives credit byte by byte makes us hold no answer for more than 30 seconds', async () => {
    const bad = await rogue();
    bad.honest.handler.headsHeld = Array.from({ length: 4 }, () => new Uint8Array(HEAD_MAX_BYTES));
    bad.say(ask(1, HEADS));
    await turns();
    expect(replies(bad)).toHaveLength(1);
    const seconds = await wait(
      bad,
      600,
      (second) => {
        if (second % 10 === 0) bad.say({ type: 'credit', id: 1, bytes: 1 });
      },
      () => faults(bad, 'timeout').length > 0,
    );
    expect(seconds).toBeLessThanOrEqual(40);
    expect(bad.remote.closed).toBe(false);
  });

  it('that sends a segment each 25 seconds keeps no put open for more than half an hour', async () => {
    const bad = await rogue();
    bad.say(put(1, 1, 160 * SEALED_SEGMENT_BYTES));
    await turns();
    const seconds = await wait(
      bad,
      2 * 3600,
      (second) => {
        if (second % 25 === 0) bad.say({ type: 'item', id: 1 }, new Uint8Array(SEALED_SEGMENT_BYTES));
      },
      () => faults(bad, 'timeout').length > 0,
    );
    expect(seconds / 60).toBeGreaterThan(28);
    expect(seconds / 60).toBeLessThan(32);
    expect(bad.honest.handler.aborted).toBe(1);
    expect(bad.remote.closed).toBe(false);
  });

  it('that reads and cancels without end finds the holder busy, until its disk has come to an end with them', async () => {
    const bad = await rogue();
    const { handler } = bad.honest;
    let open = (): void => undefined;
    const disk = new Promise<void>((resolve) => (open = resolve));
    handler.gate = () => disk;
    const get: Ask = { kind: 'get', agreement: AGREEMENT, row: 1, first: 0, count: 1 };
    for (let id = 1; id < 400; id += 2) {
      bad.say(ask(id, get));
      bad.say({ type: 'cancel', id });
      await turns(2);
    }
    expect(handler.asked).toHaveLength(32);
    expect(faults(bad, 'busy').length).toBe(200 - 32);
    open();
    await turns();
    bad.say(ask(401, get));
    await turns();
    expect(faults(bad, 'not-found')).toEqual([expect.objectContaining({ id: 401 })]);
  });

  it('that cancels puts holds a place no longer than the segment that is being written', async () => {
    const bad = await rogue();
    const { handler } = bad.honest;
    // Those that wait for their next segment end at once.
    for (let id = 1; id < 400; id += 2) {
      bad.say(put(id, id, MIB));
      await turns(1);
      bad.say({ type: 'cancel', id });
      await turns(2);
    }
    expect(faults(bad, 'busy')).toEqual([]);
    expect(handler.aborted).toBe(200);
    let open = (): void => undefined;
    const disk = new Promise<void>((resolve) => (open = resolve));
    handler.gate = () => disk;
    for (let id = 401; id < 481; id += 2) {
      bad.say(put(id, id, MIB));
      bad.say({ type: 'item', id }, new Uint8Array(SEALED_SEGMENT_BYTES));
      await turns(1);
      bad.say({ type: 'cancel', id });
      await turns(2);
    }
    expect(faults(bad, 'busy')).toHaveLength(8);
    open();
    await turns();
    expect(handler.aborted).toBe(232);
    bad.say(put(501, 1, 100));
    bad.say({ type: 'item', id: 501 }, new Uint8Array(100));
    await turns();
    expect(replies(bad)).toEqual([expect.objectContaining({ id: 501 })]);
  });

  it('that asks and does not read is cut off before much is queued for it', async () => {
    const [bad, honest] = [await makeDevice(), await makeDevice()];
    const clock = new ManualClock();
    const [mine, theirs] = pairOf(bad, honest);
    const opening = openSession(theirs, sessionOptions(honest, clock));
    await prove(mine, bad, honest);
    const remote = await opening;
    theirs.stalled = true;
    honest.handler.gate = () => Promise.reject(new RoostError('not-found', 'x'.repeat(300)));
    for (let id = 1; id < 40_000 && !remote.closed; id += 2) {
      const ask = { kind: 'get', agreement: AGREEMENT, row: 1, first: 0, count: 1 } as const;
      mine.send(encodeMessage({ type: 'request', id, window: WINDOW_START_BYTES, ask }));
      if (id % 32 === 1) await turns(8);
    }
    expect(remote.closed).toBe(true);
    expect(theirs.peakBuffered).toBeLessThan(5 * MIB);
  });
});
