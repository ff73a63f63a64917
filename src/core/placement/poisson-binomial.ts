import { RoostError } from '../errors.ts';

/**
 * P(exactly j of the independent trials succeed) for j = 0 … `probabilities.length`.
 * Only products and sums of non-negative terms, so each entry is right to about 1e-15 of itself, however tiny.
 * @param probabilities chance of success of each trial, 0 to 1
 * @throws RoostError 'usage' for a probability outside 0 to 1
 */
export function distributionOf(probabilities: ArrayLike<number>): Float64Array {
  const distribution = new Float64Array(probabilities.length + 1);
  distribution[0] = 1;
  for (let trial = 0; trial < probabilities.length; trial++) {
    addTrial(distribution, trial, probabilities[trial]!);
  }
  return distribution;
}

/**
 * Adds one trial in place to the distribution of `trials` trials, which has room for `trials + 2` entries.
 * @throws RoostError 'usage' for a probability outside 0 to 1
 */
export function addTrial(distribution: Float64Array, trials: number, probability: number): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RoostError('usage', `"probability" must be from 0 to 1, got ${probability}`);
  }
  const failure = 1 - probability;
  for (let j = trials + 1; j > 0; j--) {
    distribution[j] = distribution[j]! * failure + distribution[j - 1]! * probability;
  }
  distribution[0] = distribution[0]! * failure;
}

/**
 * Sum of the first `count` entries. The small ones go first: their sum would be lost beside a large one, and taking the other entries
 * from 1 would leave nothing but rounding of a chance like 1e-20.
 */
export function sumBelow(distribution: Float64Array, count: number): number {
  const terms = distribution.slice(0, Math.max(0, count)).sort();
  let sum = 0;
  for (const term of terms) sum += term;
  return Math.min(1, sum);
}

/**
 * P(fewer than `m` of the independent trials succeed).
 * @throws RoostError 'usage' for a probability outside 0 to 1
 */
export function probabilityBelow(probabilities: ArrayLike<number>, m: number): number {
  return m > probabilities.length ? 1 : sumBelow(distributionOf(probabilities), m);
}
