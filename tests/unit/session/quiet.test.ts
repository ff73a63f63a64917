import { describe, expect, it } from 'vitest';
import { AGREEMENT, connect, shard, turns } from './devices.ts';

const DAY = 86_400_000;

describe('on a channel that tells by itself when the other end is gone, a session', () => {
  it('that asks nothing sends nothing and sets no timer', async () => {
    const { channelA, channelB, toB, clock } = await connect({ tellsDeath: true });
    await toB.agreements();
    await clock.advance(10_000);
    const sent = [channelA.sent, channelB.sent];
    expect(clock.pending).toBe(0);
    await clock.advance(DAY);
    expect([channelA.sent, channelB.sent]).toEqual(sent);
    expect(toB.closed).toBe(false);
    expect((await toB.agreements()).length).toBe(3);
  });

  it('still ends a request during which nothing moves, and goes on', async () => {
    const { b, toB, clock } = await connect({ tellsDeath: true });
    await clock.advance(DAY);
    b.handler.gate = () => new Promise(() => undefined);
    const { row, sealed } = shard(1, 100);
    const put = expect(toB.put(AGREEMENT, row, sealed)).rejects.toMatchObject({ fault: 'timeout' });
    await turns();
    await clock.advance(36_000);
    await put;
    await clock.advance(120_000);
    expect(toB.closed).toBe(false);
  });

  it('ends when the other end never ends a cancelled request', async () => {
    const { channelB, toB, clock } = await connect({ tellsDeath: true });
    channelB.stalled = true;
    const asked = expect(toB.agreements()).rejects.toMatchObject({ fault: 'timeout' });
    await turns();
    await clock.advance(36_000);
    await asked;
    expect(toB.closed).toBe(false);
    await clock.advance(36_000);
    expect(toB.closed).toBe(true);
  });

  it('gives a request its whole time again after this device slept', async () => {
    const { b, toB, clock } = await connect({ tellsDeath: true });
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    b.handler.gate = () => gate;
    const { row, sealed } = shard(1, 100);
    const put = toB.put(AGREEMENT, row, sealed);
    await turns();
    await clock.advance(7_000);
    clock.jump(DAY);
    await clock.advance(20_000);
    open();
    await put;
  });
});
