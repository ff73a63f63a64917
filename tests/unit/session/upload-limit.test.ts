import { describe, expect, it } from 'vitest';
import { openSession } from '../../../src/agent/session/open-session.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import { UploadLimit } from '../../../src/agent/session/upload-limit.ts';
import { MIB, SEALED_SEGMENT_BYTES, SHARD_MAX_SEGMENTS } from '../../../src/core/limits.ts';
import { expectBytes } from '../../contracts/expect-fault.ts';
import type { TestDevice } from './devices.ts';
import { AGREEMENT, ManualClock, makeDevice, pairOf, sessionOptions, shard, turns } from './devices.ts';

/** Takes turns of so many bytes one after another; tells how many it had. */
async function taker(limit: UploadLimit, bytes: number): Promise<() => number> {
  let taken = 0;
  void (async () => {
    for (;;) {
      await limit.turn(bytes);
      taken += bytes;
    }
  })();
  await turns();
  return () => taken;
}

function limited(bytesPerSecond: number): { clock: ManualClock; limit: UploadLimit } {
  const clock = new ManualClock();
  const limit = new UploadLimit(clock);
  limit.set(bytesPerSecond);
  return { clock, limit };
}

describe('the limit of uploads', () => {
  it.each([MIB / 4, MIB, 20 * MIB])(
    'is obeyed within 5 % over ten seconds: %i bytes a second',
    async (rate) => {
      const { clock, limit } = limited(rate);
      const taken = await taker(limit, SEALED_SEGMENT_BYTES);
      await clock.advance(10_000);
      expect(taken() / (10 * rate)).toBeGreaterThan(0.95);
      expect(taken() / (10 * rate)).toBeLessThan(1.05);
    },
  );

  it('gives turns in line: everybody as many as the others', async () => {
    const { clock, limit } = limited(MIB);
    const takers = await Promise.all(Array.from({ length: 5 }, () => taker(limit, SEALED_SEGMENT_BYTES)));
    await clock.advance(10_000);
    const turnsOf = takers.map((taken) => taken() / SEALED_SEGMENT_BYTES);
    expect(Math.max(...turnsOf) - Math.min(...turnsOf)).toBeLessThanOrEqual(1);
  });

  it('saves up nothing while nobody sends', async () => {
    const { clock, limit } = limited(MIB);
    clock.jump(3_600_000);
    const taken = await taker(limit, 1024);
    expect(taken()).toBeLessThanOrEqual(0.052 * MIB);
  });

  it('makes up for timers that are late', async () => {
    const { clock, limit } = limited(MIB);
    const taken = await taker(limit, SEALED_SEGMENT_BYTES);
    for (let i = 0; i < 250; i++) {
      clock.jump(39);
      await clock.advance(1);
    }
    expect(taken() / (10 * MIB)).toBeGreaterThan(0.95);
    expect(taken() / (10 * MIB)).toBeLessThan(1.05);
  });

  it('counts what does not wait', async () => {
    const { clock, limit } = limited(MIB);
    limit.sent(5 * MIB);
    const taken = await taker(limit, SEALED_SEGMENT_BYTES);
    await clock.advance(4_900);
    expect(taken()).toBe(0);
    await clock.advance(200);
    expect(taken()).toBeGreaterThan(0);
  });

  it('holds from the moment it is set', async () => {
    const { clock, limit } = limited(MIB);
    const taken = await taker(limit, SEALED_SEGMENT_BYTES);
    await clock.advance(1_000);
    limit.set(10 * MIB);
    await turns();
    const before = taken();
    await clock.advance(2_000);
    expect((taken() - before) / (20 * MIB)).toBeGreaterThan(0.95);
    expect((taken() - before) / (20 * MIB)).toBeLessThan(1.05);
  });

  it('lets all go when it is taken away, and needs no timer', async () => {
    const { clock, limit } = limited(MIB);
    expect(limit.turn(1000 * MIB)).toBeUndefined();
    const first = limit.turn(1);
    const second = limit.turn(1000 * MIB);
    expect([first, second]).not.toContain(undefined);
    limit.set(undefined);
    await first;
    await second;
    expect(limit.turn(1000 * MIB)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});

describe('sessions under a limit', () => {
  const HOLDERS = 3;
  const SHARD_BYTES = SHARD_MAX_SEGMENTS * SEALED_SEGMENT_BYTES;

  interface Held {
    readonly device: TestDevice;
    readonly remote: Remote;
    /** bytes of segments that came */
    readonly came: () => number;
  }

  async function holders(clock: ManualClock, uploads: UploadLimit): Promise<Held[]> {
    const owner = await makeDevice();
    return Promise.all(
      Array.from({ length: HOLDERS }, async () => {
        const device = await makeDevice();
        let segments = 0;
        device.handler.gate = async (what) => {
          if (what === 'segment') segments++;
        };
        const [here, there] = pairOf(owner, device, { tellsDeath: true });
        const [remote] = await Promise.all([
          openSession(here, sessionOptions(owner, clock, { uploads })),
          openSession(there, sessionOptions(device, clock)),
        ]);
        return { device, remote, came: () => segments * SEALED_SEGMENT_BYTES };
      }),
    );
  }

  it('send to all partners together what is allowed, to each the same, and every byte in the end', async () => {
    const { clock, limit } = limited(MIB);
    const held = await holders(clock, limit);
    const { row, sealed } = shard(1, SHARD_BYTES);
    const puts = held.map(({ remote }) => remote.put(AGREEMENT, row, sealed));
    await clock.advance(6_000);
    const came = held.map((holder) => holder.came());
    const all = came.reduce((sum, bytes) => sum + bytes, 0);
    expect(all / (6 * MIB)).toBeGreaterThan(0.95);
    expect(all / (6 * MIB)).toBeLessThan(1.05);
    expect(Math.max(...came) - Math.min(...came)).toBeLessThanOrEqual(SEALED_SEGMENT_BYTES);
    await clock.advance(26_000);
    await Promise.all(puts);
    for (const { device } of held) expectBytes(device.handler.shards.get(1)?.sealed, sealed);
  });

  it('answer a request that has no payload without waiting', async () => {
    const { clock, limit } = limited(MIB);
    const [holder] = await holders(clock, limit);
    const { row, sealed } = shard(1, SHARD_BYTES);
    const put = holder!.remote.put(AGREEMENT, row, sealed);
    await clock.advance(1_000);
    const before = holder!.came();
    expect(await holder!.remote.ledgerDigest(AGREEMENT)).toMatchObject({ bytes: 7 });
    expect(holder!.came() - before).toBeLessThanOrEqual(SEALED_SEGMENT_BYTES);
    limit.set(undefined);
    await put;
  });

  it('do not take the turns of others for a partner that does not read', async () => {
    const { clock, limit } = limited(MIB);
    const held = await holders(clock, limit);
    const { row, sealed } = shard(1, SHARD_BYTES);
    // It gives no credit beyond the first.
    held[0]!.device.handler.gate = () => new Promise(() => undefined);
    for (const { remote } of held) remote.put(AGREEMENT, row, sealed).catch(() => undefined);
    await clock.advance(5_000);
    const all = held.reduce((sum, { came }) => sum + came(), 0);
    expect(all / (5 * MIB)).toBeGreaterThan(0.9);
    for (const { remote } of held) remote.close('end of the test');
  });
});
