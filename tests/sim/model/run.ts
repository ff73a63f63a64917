import { Figures, reportOf } from './figures.ts';
import type { ModelFigures } from './figures.ts';
import type { GivenOptions, ModelOptions } from './options.ts';
import { modelOptions } from './options.ts';
import { Simulation } from './simulation.ts';

export interface ModelResult {
  readonly options: ModelOptions;
  readonly figures: ModelFigures;
  /** of this process, without what is measured outside */
  readonly cpuSeconds: number;
}

/**
 * Runs the abstract model of placement, churn and repair for each seed and adds the figures up. Same options, same figures.
 * @throws RoostError 'too-few' when the cooperative is too small for its code
 */
export function runModel(
  given: GivenOptions,
  onSeed: (seed: number, cpuSeconds: number) => void = () => undefined,
): ModelResult {
  const options = modelOptions(given);
  const before = process.cpuUsage();
  const spent = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const figures = new Figures();
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed++) {
    new Simulation(options, seed, figures).run();
    onSeed(seed, spent());
  }
  return { options, figures: reportOf(figures, options.objectBytes), cpuSeconds: spent() };
}
