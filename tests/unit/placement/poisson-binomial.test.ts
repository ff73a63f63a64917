import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { addTrial, distributionOf, probabilityBelow } from '../../../src/core/placement/poisson-binomial.ts';

const probability = fc.double({ min: 0, max: 1, noNaN: true });

/** P(fewer than m succeed) by looking at every outcome. */
function enumerated(probabilities: readonly number[], m: number): number {
  let below = 0;
  for (let outcome = 0; outcome < 2 ** probabilities.length; outcome++) {
    let chance = 1;
    let successes = 0;
    for (const [i, p] of probabilities.entries()) {
      const success = (outcome >> i) & 1;
      successes += success;
      chance *= success === 1 ? p : 1 - p;
    }
    if (successes < m) below += chance;
  }
  return below;
}

describe('the number of successes of independent trials', () => {
  it.each([
    { m: 1, n: 2, failure: 0.01, below: 1e-4, digits: 12 },
    { m: 3, n: 10, failure: 0.1, below: 3.736e-7, digits: 4 },
    { m: 4, n: 16, failure: 0.1, below: 4.18105e-11, digits: 6 },
  ])('is the binomial sum for equal trials: $m of $n at $failure', ({ m, n, failure, below, digits }) => {
    const found = probabilityBelow(new Array<number>(n).fill(1 - failure), m);
    expect(found.toPrecision(digits)).toBe(below.toPrecision(digits));
  });

  it('agrees with counting every outcome, relative to the result however small', () => {
    const small = fc.double({ min: 1e-9, max: 1e-3, noNaN: true }).map((failure) => 1 - failure);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(probability, small), { minLength: 1, maxLength: 10 }),
        fc.nat(11),
        (probabilities, m) => {
          const expected = enumerated(probabilities, m);
          expect(Math.abs(probabilityBelow(probabilities, m) - expected)).toBeLessThanOrEqual(
            1e-12 * expected,
          );
        },
      ),
    );
  });

  it('keeps a chance of 1e-60 that 1 - x would lose', () => {
    expect(probabilityBelow(new Array<number>(20).fill(1 - 2 ** -10), 1)).toBe(2 ** -200);
  });

  it('agrees with drawing lots within 2 %', () => {
    const random = new SeededRandom('lots');
    const probabilities = [0.35, 0.65, 0.97, 0.2, 0.5, 0.8, 0.4, 0.6];
    const draws = 200_000;
    let below = 0;
    for (let draw = 0; draw < draws; draw++) {
      if (probabilities.filter((p) => random.fraction() < p).length < 4) below++;
    }
    const expected = probabilityBelow(probabilities, 4);
    expect(Math.abs(below / draws / expected - 1)).toBeLessThan(0.02);
  });

  it('adds up to 1, and grows with m from 0 to 1', () => {
    fc.assert(
      fc.property(fc.array(probability, { maxLength: 24 }), (probabilities) => {
        expect(distributionOf(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(probabilityBelow(probabilities, 0)).toBe(0);
        expect(probabilityBelow(probabilities, probabilities.length + 1)).toBe(1);
        for (let m = 1; m <= probabilities.length; m++) {
          const step = probabilityBelow(probabilities, m + 1) - probabilityBelow(probabilities, m);
          expect(step).toBeGreaterThanOrEqual(-1e-15);
        }
      }),
    );
  });

  it('is refused for what is no probability', () => {
    for (const wrong of [-0.1, 1.1, Number.NaN, Infinity]) {
      expect(() => distributionOf([0.5, wrong])).toThrow(expect.objectContaining({ fault: 'usage' }));
      expect(() => addTrial(new Float64Array(2), 0, wrong)).toThrow(
        expect.objectContaining({ fault: 'usage' }),
      );
    }
  });
});
