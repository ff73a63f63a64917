import { describe, expect, it } from 'vitest';
import { mapWeighted } from '../../../src/core/limiter.ts';

/** Runs items of these weights and tells what was under way whenever one began. */
async function run(weights: readonly number[], limit: number, total: number): Promise<number[][]> {
  const begun: number[][] = [];
  const active = new Set<number>();
  const results = await mapWeighted(
    weights,
    { limit, total, weigh: (weight) => weight },
    async (weight, index) => {
      active.add(index);
      begun.push([...active]);
      await new Promise((resolve) => setTimeout(resolve, 1 + (weight % 3)));
      active.delete(index);
      return index;
    },
  );
  expect(results).toEqual(weights.map((_, index) => index));
  return begun;
}

const loadOf = (weights: readonly number[], active: readonly number[]): number =>
  active.reduce((sum, index) => sum + weights[index]!, 0);

describe('mapping by weight', () => {
  it('begins all in order, never more than the total together, and as many as that allows', async () => {
    const weights = Array.from({ length: 60 }, (_, i) => 1 + ((i * 7) % 5));
    const begun = await run(weights, 64, 12);
    expect(begun.map((active) => active.at(-1))).toEqual(weights.map((_, index) => index));
    for (const active of begun) expect(loadOf(weights, active)).toBeLessThanOrEqual(12);
    expect(Math.max(...begun.map((active) => active.length))).toBeGreaterThan(3);
  });

  it('lets one that is heavier than the total run alone', async () => {
    const weights = [1, 100, 1, 1];
    for (const active of await run(weights, 4, 12)) if (active.includes(1)) expect(active).toEqual([1]);
  });

  it('keeps to the number, too', async () => {
    for (const active of await run([0, 0, 0, 0, 0, 0], 2, 12)) expect(active.length).toBeLessThanOrEqual(2);
  });

  it('ends with the first failure, and leaves nobody waiting', async () => {
    const items = [5, 10, 10, 10];
    const done: number[] = [];
    const failing = mapWeighted(items, { limit: 4, total: 10, weigh: (item) => item }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (index === 1) throw new Error('no more');
      done.push(index);
    });
    await expect(failing).rejects.toThrow('no more');
    expect(done).not.toContain(1);
  });
});
