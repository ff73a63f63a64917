import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNumbers, parseNumbers } from './fault-list.ts';
import { shrink } from './shrink.ts';

describe('Shrinking a list of faults', () => {
  it('finds exactly the faults that a failure needs, however many others there are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.uniqueArray(fc.nat(59), { minLength: 0, maxLength: 4 }),
        async (length, wanted) => {
          const needed = wanted.filter((fault) => fault < length).sort((a, b) => a - b);
          const all = Array.from({ length }, (_, i) => i);
          const fails = async (faults: readonly number[]): Promise<boolean> =>
            needed.every((fault) => faults.includes(fault));
          expect(await shrink(all, fails, 10_000)).toEqual(needed);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('stops at the number of runs it was given, with a list that fails', async () => {
    let runs = 0;
    const all = Array.from({ length: 100 }, (_, i) => i);
    const smaller = await shrink(
      all,
      async (faults) => {
        runs++;
        return faults.includes(3) && faults.includes(97);
      },
      7,
    );
    expect(runs).toBeLessThanOrEqual(7);
    expect(smaller).toEqual(expect.arrayContaining([3, 97]));
  });

  it('names any list of faults as text and reads it back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300)), (numbers) => {
        expect([...parseNumbers(formatNumbers(numbers))].sort((a, b) => a - b)).toEqual(
          [...numbers].sort((a, b) => a - b),
        );
      }),
    );
    expect(formatNumbers([4, 0, 1, 2, 9])).toBe('0-2,4,9');
    expect(() => parseNumbers('1-')).toThrow('--faults must be like');
  });
});
