import { describe, expect, it } from 'vitest';
import { MIB, SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import { rendezvousIdFromBytes } from '../../../src/core/ids.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import {
  DUTY_MAX_BYTES,
  INLINE_ITEM_MAX_BYTES,
  LEAVE_NOTICE_MAX_BYTES,
  PARTNER_LISTS_MAX,
  PARTNER_LIST_MAX_BYTES,
  QUEUE_MAX_BYTES,
  REPORT_MAX_BYTES,
  WINDOW_TOTAL_BYTES,
} from '../../../src/core/wire/limits.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import { AGREEMENT, COOPERATIVE, connect, shard, turns } from './devices.ts';

const RENDEZVOUS = rendezvousIdFromBytes(new Uint8Array(32).fill(3));

describe('the requests of partners to each other', () => {
  const COMMIT = new Uint8Array(32).fill(5);

  it('carry an audit: our commitment, the holder’s chance, our chance, the segments and what is lost of them', async () => {
    const { b, toB } = await connect();
    const digest = new Uint8Array(32).fill(6);
    expect(await toB.openAudit(AGREEMENT, { commit: COMMIT, digest, count: 3 })).toEqual(b.handler.chance);
    const segment = new Uint8Array(SEALED_SEGMENT_BYTES).fill(1);
    const last = new Uint8Array(17).fill(2);
    b.handler.proof = [segment, undefined, last];
    const chance = new Uint8Array(32).fill(7);
    const shown = await toB.answerAudit(AGREEMENT, { commit: COMMIT, chance, count: 3 });
    expect(shown.map((item) => item?.length)).toEqual([SEALED_SEGMENT_BYTES, undefined, 17]);
    expect(Buffer.from(shown[2]!).equals(last)).toBe(true);
    expect(b.handler.asked).toEqual([`audit ${AGREEMENT} 5 6 3`, `answer ${AGREEMENT} 5 7 3`]);
    // Fewer, when the ledger has fewer; more ends the session.
    b.handler.proof = [];
    expect(await toB.answerAudit(AGREEMENT, { commit: COMMIT, chance, count: 3 })).toEqual([]);
  });

  it('take no segment that is too short to be one, no chance of another length, no more segments than drawn', async () => {
    const { b, toB } = await connect();
    const reveal = { commit: COMMIT, chance: COMMIT, count: 2 };
    for (const bad of [new Uint8Array([1]), new Uint8Array(16), new Uint8Array(2)]) {
      b.handler.proof = [bad];
      await expectFault(toB.answerAudit(AGREEMENT, reveal), 'malformed');
    }
    for (const length of [31, 33]) {
      b.handler.chance = new Uint8Array(length);
      await expectFault(toB.openAudit(AGREEMENT, { commit: COMMIT, digest: COMMIT, count: 1 }), 'malformed');
    }
    expect(toB.closed).toBe(false);
    b.handler.proof = [undefined, undefined, undefined];
    await expectFault(toB.answerAudit(AGREEMENT, reveal), 'malformed', 'unreachable');
    await turns();
    expect(toB.closed).toBe(true);
  });

  it('take two messages where a short record is asked for one, and one more for each long or further item', async () => {
    const { b, toB, channelA, channelB } = await connect();
    const between = async (act: () => Promise<unknown>): Promise<number[]> => {
      const before = [channelA.sent, channelB.sent];
      await act();
      return [channelA.sent - before[0]!, channelB.sent - before[1]!];
    };
    expect(await between(() => toB.propose(new Uint8Array(500)))).toEqual([1, 1]);
    expect(await between(() => toB.putHead(RENDEZVOUS, new Uint8Array(INLINE_ITEM_MAX_BYTES)))).toEqual([
      1, 1,
    ]);
    expect(await between(() => toB.putHead(RENDEZVOUS, new Uint8Array(INLINE_ITEM_MAX_BYTES + 1)))).toEqual([
      2, 1,
    ]);
    expect(b.handler.headsHeld.map(({ length }) => length)).toEqual([
      INLINE_ITEM_MAX_BYTES,
      INLINE_ITEM_MAX_BYTES + 1,
    ]);
    b.handler.proof = [new Uint8Array(20).fill(1), new Uint8Array(SEALED_SEGMENT_BYTES).fill(2), undefined];
    const reveal = { commit: COMMIT, chance: COMMIT, count: 3 };
    const [, answers] = await between(async () => {
      const shown = await toB.answerAudit(AGREEMENT, reveal);
      expect(shown.map((item) => item?.[0])).toEqual([1, 2, undefined]);
    });
    expect(answers).toBe(3);
  });

  it('carry records and notices as they are', async () => {
    const { a, b, toB } = await connect();
    const record = (n: number) => new Uint8Array(100 + n).fill(n);
    await toB.accept(record(1));
    await toB.leave(record(2));
    await toB.report(record(3));
    await toB.putPartnerList(record(4));
    await toB.putDuty(record(5));
    expect(b.handler.taken).toEqual([1, 2, 3, 4, 5].map(record));
    expect(await toB.receipt(record(6))).toEqual(new Uint8Array(212).fill(6));
    expect(await toB.reports()).toEqual(b.handler.taken);
    expect(await toB.partnerLists()).toEqual(b.handler.taken);
    expect(await toB.partnerLists(a.account)).toEqual(b.handler.taken);
    expect(b.handler.asked).toEqual(['partner lists of all', `partner lists of ${a.account}`]);
    await toB.tellLoss({ agreement: AGREEMENT, cause: 'evicted', rows: 0 });
    await toB.tellLoss({ agreement: AGREEMENT, cause: 'damaged', rows: 2 ** 40 });
    expect(b.handler.losses).toEqual([
      { agreement: AGREEMENT, cause: 'evicted', rows: 0 },
      { agreement: AGREEMENT, cause: 'damaged', rows: 2 ** 40 },
    ]);
  });

  it('send no record beyond its bound', async () => {
    const { toB } = await connect();
    const tooLong: readonly [string, (bytes: Bytes) => Promise<unknown>, number][] = [
      ['leave', (bytes) => toB.leave(bytes), LEAVE_NOTICE_MAX_BYTES],
      ['report', (bytes) => toB.report(bytes), REPORT_MAX_BYTES],
      ['partner list', (bytes) => toB.putPartnerList(bytes), PARTNER_LIST_MAX_BYTES],
      ['duty', (bytes) => toB.putDuty(bytes), DUTY_MAX_BYTES],
    ];
    for (const [name, send, max] of tooLong) {
      await send(new Uint8Array(max));
      const error = await expectFault(send(new Uint8Array(max + 1)), 'usage');
      expect(error.message, name).toContain(String(max));
    }
    expect(toB.closed).toBe(false);
  });
});

describe('a session', () => {
  it('tells each end who the other is', async () => {
    const { a, b, toA, toB } = await connect();
    expect(toB.peer).toMatchObject({ device: b.device, account: b.account, cooperative: COOPERATIVE });
    expect(toA.peer).toMatchObject({ device: a.device, account: a.account, cooperative: COOPERATIVE });
  });

  it('stores a shard and gives it back byte for byte, in both directions at once', async () => {
    const { a, b, toA, toB } = await connect();
    const sizes = [17, SEALED_SEGMENT_BYTES - 1, SEALED_SEGMENT_BYTES, SEALED_SEGMENT_BYTES + 17, 3 * MIB];
    const work = [toA, toB].flatMap((remote) =>
      sizes.map(async (size, index) => {
        const { row, sealed } = shard(index, size);
        let sent = 0;
        await remote.put(AGREEMENT, row, sealed, { onSent: (bytes) => (sent += bytes) });
        expect(sent).toBe(size);
        const back = await remote.get(AGREEMENT, row.row, 0, row.segments);
        expect(Buffer.concat(back).equals(sealed)).toBe(true);
      }),
    );
    await Promise.all(work);
    expect(a.handler.committed).toBe(sizes.length);
    expect(b.handler.committed).toBe(sizes.length);
  });

  it('acknowledges a put only after the holder has made it durable', async () => {
    const { b, toB } = await connect();
    let commit = (): void => undefined;
    b.handler.gate = (what) =>
      what === 'commit' ? new Promise((resolve) => (commit = resolve)) : Promise.resolve();
    const { row, sealed } = shard(1, 200_000);
    let acknowledged = false;
    const put = toB.put(AGREEMENT, row, sealed).then(() => (acknowledged = true));
    await turns(200);
    expect(acknowledged).toBe(false);
    commit();
    await put;
    expect(b.handler.shards.has(1)).toBe(true);
  });

  it('sends hardly any of a shard that is there already', async () => {
    const { channelA, toB } = await connect();
    const { row, sealed } = shard(1, 3 * MIB);
    await toB.put(AGREEMENT, row, sealed);
    const before = channelA.sent;
    await toB.put(AGREEMENT, row, sealed);
    expect(channelA.sent - before).toBeLessThan(8);
    await toB.put(AGREEMENT, shard(2, 100).row, shard(2, 100).sealed);
  });

  it('carries every other request', async () => {
    const { b, toB } = await connect();
    expect(await toB.propose(new Uint8Array([5, 6]))).toEqual(new Uint8Array([5, 6, 5, 6]));
    expect((await toB.agreements()).map((each) => each.length)).toEqual([2, 0, 4096]);
    for (const row of [3, 1, 2]) await toB.put(AGREEMENT, shard(row, 99).row, shard(row, 99).sealed);
    expect(await toB.ledger(AGREEMENT, -1)).toEqual([1, 2, 3].map((row) => shard(row, 99).row));
    expect(await toB.ledger(AGREEMENT, 2)).toEqual([shard(3, 99).row]);
    expect(await toB.ledgerDigest(AGREEMENT)).toEqual({ rows: 3, bytes: 7, digest: new Uint8Array(32) });
    await toB.release(AGREEMENT, [1, 2, ...Array.from({ length: 9000 }, (_, i) => 100 + i)]);
    expect([...b.handler.shards.keys()]).toEqual([3]);
    const head = new Uint8Array(65_536).fill(9);
    await toB.putHead(RENDEZVOUS, head);
    await toB.putHead(RENDEZVOUS, head.slice(1));
    expect((await toB.heads(RENDEZVOUS)).map((each) => each.length)).toEqual([65_536, 65_535]);
    b.handler.rosterEntries = Array.from({ length: 3000 }, (_, i) => new Uint8Array(1000).fill(i % 256));
    expect(await toB.roster(COOPERATIVE, 10)).toEqual(b.handler.rosterEntries.slice(10));
    expect(await toB.roster(COOPERATIVE, 3000)).toEqual([]);
  });

  it('carries the longest list there is, and an audit’s segments beside a roster and heads', async () => {
    const { a, b, toB } = await connect();
    b.handler.taken.push(
      ...Array.from({ length: PARTNER_LISTS_MAX }, (_, i) => new Uint8Array(PARTNER_LIST_MAX_BYTES).fill(i)),
    );
    expect(await toB.partnerLists()).toEqual(b.handler.taken);
    b.handler.headsHeld = Array.from({ length: 64 }, () => new Uint8Array(65_536));
    b.handler.proof = Array.from({ length: 64 }, () => new Uint8Array(SEALED_SEGMENT_BYTES));
    b.handler.rosterEntries = Array.from({ length: 3000 }, () => new Uint8Array(1000));
    b.handler.taken.splice(16);
    const bytes = new Uint8Array(32);
    const all = await Promise.all([
      toB.answerAudit(AGREEMENT, { commit: bytes, chance: bytes, count: 64 }),
      toB.heads(RENDEZVOUS),
      toB.roster(COOPERATIVE, 0),
      toB.partnerLists(a.account),
      toB.agreements(),
    ]);
    expect(all.map(({ length }) => length)).toEqual([64, 64, 3000, 16, 3]);
  });

  it('answers with the holder’s fault and goes on', async () => {
    const { b, toB } = await connect();
    await expect(toB.get(AGREEMENT, 77, 0, 1)).rejects.toMatchObject({ fault: 'not-found' });
    const { row, sealed } = shard(404, 3 * MIB);
    await expect(toB.put(AGREEMENT, row, sealed)).rejects.toMatchObject({ fault: 'full' });
    b.handler.gate = () => Promise.reject(new TypeError('secret detail'));
    const foreign = toB.put(AGREEMENT, shard(5, 99).row, shard(5, 99).sealed);
    await expect(foreign).rejects.toMatchObject({ fault: 'internal', message: 'partner: internal error' });
    expect(b.handler.aborted).toBe(1);
    expect((await toB.agreements()).length).toBe(3);
  });

  it('lets replies overtake one another', async () => {
    const { b, toB } = await connect();
    for (const row of [1, 2]) await toB.put(AGREEMENT, shard(row, 50).row, shard(row, 50).sealed);
    const held: (() => void)[] = [];
    b.handler.gate = () => new Promise((resolve) => held.push(resolve));
    const order: number[] = [];
    const first = toB.get(AGREEMENT, 1, 0, 1).then(() => order.push(1));
    const second = toB.get(AGREEMENT, 2, 0, 1).then(() => order.push(2));
    await turns();
    held[1]?.();
    await second;
    held[0]?.();
    await first;
    expect(order).toEqual([2, 1]);
  });

  it('keeps memory bounded when the holder’s disk stands still', async () => {
    const { b, channelA, toB } = await connect();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    b.handler.gate = () => gate;
    const shards = Array.from({ length: 12 }, (_, i) => shard(i, 5 * MIB));
    const puts = Promise.all(shards.map(({ row, sealed }) => toB.put(AGREEMENT, row, sealed)));
    await turns(500);
    const carried = channelA.sent * SEALED_SEGMENT_BYTES;
    expect(carried).toBeLessThan(WINDOW_TOTAL_BYTES + 16 * SEALED_SEGMENT_BYTES);
    open();
    await puts;
    expect(channelA.peakBuffered).toBeLessThan(QUEUE_MAX_BYTES + 2 * SEALED_SEGMENT_BYTES);
    expect(b.handler.committed).toBe(12);
  });

  it('sends a small request before the items that wait, with a short queue ahead of it', async () => {
    const { toB, channelA } = await connect();
    let segments = 0;
    const arrive = channelA.other!.deliver.bind(channelA.other);
    const arrivedAt: number[] = [];
    channelA.other!.deliver = (message) => {
      if (message.length > SEALED_SEGMENT_BYTES) segments++;
      else if (new TextDecoder('latin1').decode(message).includes('ledger-digest')) arrivedAt.push(segments);
      arrive(message);
    };
    const { row, sealed } = shard(1, 160 * SEALED_SEGMENT_BYTES);
    const put = toB.put(AGREEMENT, row, sealed);
    while (segments < 40) await turns(1);
    const before = segments;
    await toB.ledgerDigest(AGREEMENT);
    await put;
    expect(arrivedAt).toHaveLength(1);
    expect(arrivedAt[0]! - before).toBeLessThanOrEqual(QUEUE_MAX_BYTES / (64 * 1024) + 1);
    expect(segments).toBe(160);
  });

  it('serves a small request while large ones run, and many at once', async () => {
    const { toB } = await connect();
    const large = Array.from({ length: 40 }, (_, i) => shard(i, MIB)).map(({ row, sealed }) =>
      toB.put(AGREEMENT, row, sealed),
    );
    await turns(3);
    let done = 0;
    for (const put of large) void put.then(() => done++);
    await Promise.all(large);
    expect(done).toBe(40);
    const reads = Array.from({ length: 40 }, (_, i) => toB.get(AGREEMENT, i, 3, 10));
    expect((await Promise.all(reads)).every((items) => items.length === 10)).toBe(true);
  });

  it('shares the link fairly: equal shards finish close together', async () => {
    const { toB } = await connect();
    const sent = [0, 0, 0, 0];
    let least = 0;
    const puts = sent.map((_, i) => {
      const { row, sealed } = shard(i, 4 * MIB);
      return toB
        .put(AGREEMENT, row, sealed, { onSent: (bytes) => (sent[i] = (sent[i] ?? 0) + bytes) })
        .then(() => {
          if (least === 0) least = Math.min(...sent);
        });
    });
    await Promise.all(puts);
    expect(least).toBeGreaterThan(2 * MIB);
  });

  it('stops a request when its signal fires, frees its place, and the session goes on', async () => {
    const { b, toB } = await connect();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    b.handler.gate = () => gate;
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    const puts = controllers.map(({ signal }, i) => {
      const { row, sealed } = shard(i, MIB);
      return toB.put(AGREEMENT, row, sealed, { signal });
    });
    await turns(20);
    for (const controller of controllers) controller.abort();
    const ends = await Promise.allSettled(puts);
    expect(ends.every((end) => end.status === 'rejected' && end.reason.fault === 'aborted')).toBe(true);
    open();
    await turns(20);
    expect(b.handler.committed).toBe(0);
    await expect(
      toB.put(AGREEMENT, shard(1, 99).row, shard(1, 99).sealed, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ fault: 'aborted' });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => toB.put(AGREEMENT, shard(i, MIB).row, shard(i, MIB).sealed)),
    );
    expect(b.handler.committed).toBe(20);
  });

  it('refuses a shard whose length is not its row’s before it sends anything', async () => {
    const { channelA, toB } = await connect();
    const { row, sealed } = shard(1, 1000);
    const before = channelA.sent;
    await expect(toB.put(AGREEMENT, row, sealed.slice(1))).rejects.toMatchObject({ fault: 'usage' });
    expect(channelA.sent).toBe(before);
  });
});

describe('the end of a session', () => {
  it('rejects all that is pending with unreachable, at whatever message the link is cut', async () => {
    for (let cutAt = 1; cutAt < 60; cutAt += 3) {
      const { b, channelA, channelB, toB } = await connect();
      const work = [
        ...Array.from({ length: 20 }, (_, i) => toB.put(AGREEMENT, shard(i, MIB).row, shard(i, MIB).sealed)),
        toB.agreements(),
        toB.get(AGREEMENT, 1, 0, 3),
      ];
      const ends = Promise.allSettled(work);
      await turns(cutAt);
      channelA.cut('cable');
      channelB.cut('cable');
      for (const [index, end] of (await ends).entries()) {
        if (end.status === 'rejected') expect(['unreachable', 'not-found']).toContain(end.reason.fault);
        else if (index < 20) expect(b.handler.shards.has(index)).toBe(true);
      }
      expect(toB.closed).toBe(true);
      await turns();
      await expect(toB.agreements()).rejects.toMatchObject({ fault: 'unreachable' });
    }
  });

  it('aborts half-taken shards on the holder’s side', async () => {
    const { b, channelA, channelB, toB } = await connect();
    b.handler.gate = (what) => (what === 'commit' ? new Promise(() => undefined) : Promise.resolve());
    const { row, sealed } = shard(1, 3 * MIB);
    const put = toB.put(AGREEMENT, row, sealed);
    put.catch(() => undefined);
    await turns(8);
    channelA.cut('x');
    channelB.cut('x');
    await expect(put).rejects.toMatchObject({ fault: 'unreachable' });
    await turns();
    expect(b.handler.aborted).toBe(1);
  });

  it('tells the other side why, and both sides’ handlers once', async () => {
    const { toA, toB } = await connect();
    const reasons: string[] = [];
    toA.onClose((reason) => reasons.push(`A: ${reason}`));
    toB.onClose((reason) => reasons.push(`B: ${reason}`));
    toB.close('going home');
    toB.close('again');
    await turns();
    expect(reasons).toEqual(['B: going home', 'A: partner: going home']);
    toB.onClose((reason) => reasons.push(reason));
    expect(reasons).toHaveLength(3);
  });

  it('comes within 20 seconds of a partner’s silent death, and never while it answers', async () => {
    const { channelA, channelB, toA, toB, clock } = await connect();
    await clock.advance(120_000);
    expect(toB.closed).toBe(false);
    channelA.stalled = true;
    channelB.stalled = true;
    await clock.advance(25_000);
    expect(toB.closed && toA.closed).toBe(true);
  });

  it('does not come from a sleep of this device, however long', async () => {
    const { toA, toB, clock } = await connect();
    for (const gap of [60_000, 3_600_000, 365 * 86_400_000]) {
      clock.jump(gap);
      await clock.advance(5_000);
      expect(toA.closed || toB.closed).toBe(false);
      await clock.advance(30_000);
      expect(toA.closed || toB.closed).toBe(false);
    }
  });

  it('does not come from a slow answer: only the request times out, and only when nothing moves', async () => {
    const { b, toB, clock } = await connect();
    b.handler.gate = () => new Promise(() => undefined);
    const { row, sealed } = shard(1, 100);
    const put = expect(toB.put(AGREEMENT, row, sealed)).rejects.toMatchObject({ fault: 'timeout' });
    await turns();
    await clock.advance(36_000);
    await put;
    await clock.advance(120_000);
    expect(toB.closed).toBe(false);
    expect((await toB.agreements()).length).toBe(3);
  });
});

it('moves 64 MiB through both ends without standing still', async () => {
  const { toB } = await connect({ wire: 16 });
  const { row, sealed } = shard(0, 8 * MIB);
  const started = performance.now();
  const puts = Array.from({ length: 8 }, (_, i) => toB.put(AGREEMENT, { ...row, row: i }, sealed));
  await Promise.all(puts);
  const rate = (8 * 8) / ((performance.now() - started) / 1000);
  expect(rate).toBeGreaterThan(5);
});
