import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';
import { expectFault } from './expect-fault.ts';

export interface ClockHarness {
  /** Time that goes on by itself: the real one, or a virtual one that advances when all wait. */
  readonly clock: Clock;
  cleanUp?(): Promise<void>;
}

/** What every clock must keep. */
export function clockContract(name: string, make: () => Promise<ClockHarness>): void {
  describe(`${name} keeps the clock contract`, () => {
    let harness: ClockHarness;
    let clock: Clock;
    beforeEach(async () => {
      harness = await make();
      clock = harness.clock;
    });
    afterEach(async () => harness.cleanUp?.());

    it('tells milliseconds since 1970', () => {
      expect(clock.now()).toBeGreaterThan(Date.UTC(2001, 0, 1));
      expect(clock.now()).toBeLessThan(Date.UTC(2200, 0, 1));
    });

    it('never goes back', async () => {
      let last = clock.monotonic();
      for (let i = 0; i < 50; i++) {
        if (i % 10 === 0) await clock.sleep(1);
        const now = clock.monotonic();
        expect(now).toBeGreaterThanOrEqual(last);
        last = now;
      }
    });

    it('gives other tasks their turn in a long loop', async () => {
      const ROUNDS = 2_000_000;
      let others = 0;
      const cancel = clock.after(0, () => others++);
      const before = clock.monotonic();
      for (let i = 0; i < ROUNDS && others === 0 && clock.monotonic() - before < 2_000; i++) {
        const later = clock.pass();
        if (later) await later;
      }
      cancel();
      // A virtual clock stands while code runs: there no loop is long.
      expect(others > 0 || clock.monotonic() === before).toBe(true);
    });

    it('sleeps for about the time asked', async () => {
      const before = clock.monotonic();
      await clock.sleep(50);
      // timers of real platforms may fire up to a millisecond early
      expect(clock.monotonic() - before).toBeGreaterThanOrEqual(48);
    });

    it('wakes sleepers in the order of their times', async () => {
      const order: number[] = [];
      await Promise.all(
        [120, 0, 60].map(async (ms) => {
          await clock.sleep(ms);
          order.push(ms);
        }),
      );
      expect(order).toEqual([0, 60, 120]);
    });

    it('rejects a sleep with aborted when its signal fires, before or during', async () => {
      const before = clock.abortController();
      before.abort();
      await expectFault(clock.sleep(10_000, { signal: before.signal }), 'aborted');

      const during = clock.abortController();
      const sleeping = clock.sleep(60_000, { signal: during.signal });
      clock.after(10, () => during.abort());
      await expectFault(sleeping, 'aborted');
    });

    it('calls back once after the time, and not when it was cancelled', async () => {
      let called = 0;
      let cancelled = 0;
      clock.after(20, () => called++);
      const cancel = clock.after(20, () => cancelled++);
      cancel();
      cancel();
      expect(called).toBe(0);
      await clock.sleep(80);
      expect(called).toBe(1);
      expect(cancelled).toBe(0);
    });

    it('makes abort controllers that fire once and keep their reason', () => {
      const controller = clock.abortController();
      let fired = 0;
      const listener = (): void => void fired++;
      const removed = (): void => void (fired += 100);
      controller.signal.addEventListener('abort', listener);
      controller.signal.addEventListener('abort', removed);
      controller.signal.removeEventListener('abort', removed);
      expect(controller.signal.aborted).toBe(false);
      controller.abort('enough');
      controller.abort('again');
      expect(controller.signal.aborted).toBe(true);
      expect(controller.signal.reason).toBe('enough');
      expect(fired).toBe(1);
    });
  });
}
