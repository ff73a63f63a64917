import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { ProgressMeter } from '../../../src/agent/progress-meter.ts';
import type { Progress } from '../../../src/core/progress.ts';

function measured(): { clock: VirtualClock; meter: ProgressMeter; told: () => Progress['partners'][] } {
  const clock = new VirtualClock();
  const all: Progress['partners'][] = [];
  const meter = new ProgressMeter(clock, 'scanning', ({ partners }) => all.push(partners));
  return { clock, meter, told: () => all.splice(0) };
}

describe('A meter of work that waits for partners', () => {
  it('tells nothing of those that answer within a moment', async () => {
    const { clock, meter, told } = measured();
    const result = meter.waiting(async (onReached) => {
      onReached({ reached: 0, of: 2 });
      await clock.sleep(900);
      onReached({ reached: 2, of: 2 });
      return 'done';
    });
    await clock.advance(5_000);
    expect(await result).toBe('done');
    expect(told()).toEqual([]);
  });

  it('tells how many are reached as soon as it takes longer, each that comes then, and the end of it', async () => {
    const { clock, meter, told } = measured();
    const result = meter.waiting(async (onReached) => {
      onReached({ reached: 1, of: 3 });
      await clock.sleep(4_000);
      onReached({ reached: 2, of: 3 });
      await clock.sleep(4_000);
      throw new Error('cut off');
    });
    const failed = expect(result).rejects.toThrow('cut off');
    await clock.advance(999);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual([{ reached: 1, of: 3 }]);
    await clock.advance(3_000);
    expect(told()).toEqual([{ reached: 2, of: 3 }]);
    await clock.advance(4_000);
    await failed;
    expect(told()).toEqual([undefined]);
  });
});

describe('A meter of bytes', () => {
  async function leftAfter(done: number, total: number, ms: number): Promise<Progress | undefined> {
    const clock = new VirtualClock();
    let last: Progress | undefined;
    const meter = new ProgressMeter(clock, 'restoring', (progress) => (last = progress));
    meter.phase('restoring');
    meter.add({ total });
    await clock.advance(ms);
    meter.add({ done });
    return last;
  }

  it('tells speed and time left', async () => {
    expect(await leftAfter(2_000, 10_000, 2_000)).toMatchObject({ speed: 1_000, leftMs: 8_000 });
  });

  it('tells no time that nobody can know yet, and no speed below nothing', async () => {
    expect(await leftAfter(1, 300_000_000, 6_000)).toMatchObject({ leftMs: undefined });
    expect(await leftAfter(-500, 10_000, 2_000)).toMatchObject({ speed: 0, leftMs: undefined });
  });
});
