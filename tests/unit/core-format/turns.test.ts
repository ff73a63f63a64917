import { describe, expect, it } from 'vitest';
import { TURN_MS, Turns } from '../../../src/core/turns.ts';

/** A thread whose time is told by the test, with a list of its later tasks. */
function thread(): { turns: Turns; work(ms: number): void; nextTask(): void; waiting(): number } {
  let now = 0;
  const tasks: (() => void)[] = [];
  return {
    turns: new Turns(
      () => now,
      () => new Promise((resolve) => tasks.push(resolve)),
    ),
    work: (ms) => void (now += ms),
    nextTask: () => tasks.shift()?.(),
    waiting: () => tasks.length,
  };
}

/** Lets promises go on as far as they can. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('turns of a thread', () => {
  it('cost a short loop nothing', () => {
    const { turns, work, waiting } = thread();
    work(TURN_MS - 1);
    expect(turns.pass()).toBeUndefined();
    expect(waiting()).toBe(0);
  });

  it('divide a long list of steps by the clock', async () => {
    const { turns, work, nextTask, waiting } = thread();
    const STEPS = 100;
    let done = 0;
    const loop = (async () => {
      for (; done < STEPS; done++) {
        await turns.pass();
        work(1);
      }
    })();
    let tasks = 0;
    for (let before = 0; done < STEPS; tasks++) {
      await settle();
      expect(done - before).toBeLessThanOrEqual(TURN_MS);
      before = done;
      nextTask();
      await settle();
    }
    await loop;
    expect(tasks).toBeGreaterThanOrEqual(STEPS / TURN_MS - 1);
    expect(waiting()).toBe(0);
  });

  it('are shared by loops under way at once: one task is waited for, not one by each', async () => {
    const { turns, work, nextTask, waiting } = thread();
    work(TURN_MS);
    const both = Promise.all([turns.pass(), turns.pass()]);
    expect(waiting()).toBe(1);
    nextTask();
    await both;
    expect(turns.pass()).toBeUndefined();
  });
});
