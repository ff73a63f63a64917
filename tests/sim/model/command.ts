// Runs the abstract model of placement, churn and repair.
//
//   npm run sim -- --model --devices 1000 --years 10 --seeds 40
//
//   --scenario NAME      churn when left out; "all" runs every one
//   --devices N          1000 when left out          --years N       1 when left out (or --days N)
//   --seeds N            1 when left out             --first-seed N  1 when left out
//   --placement NAME     domains, or random: the control
//   --repair NAME        at-once, lazy or none
//   --delegates SHARE    owners whose packs are looked after while they are away; 0 when left out
//   --window-days N      days without repair that owners plan for; 24 when left out
//   --planned-days N     how long owners take members to stay when they plan; as they do, at most 365, when left out
//   --planned-loss P     target for the yearly loss of a pack; 1e-6 when left out (the planner keeps its margin to it)
//   --partners N         24 when left out            --packs N       4 objects of each member when left out
//   --code CODE          as reed-solomon:6+3; the planner's when left out
//   --json               print the results as JSON
import { modelArguments } from './arguments.ts';
import { runModel } from './run.ts';
import { modelTable } from './table.ts';

/** @param args what follows `--model` */
export function modelCommand(args: readonly string[]): void {
  const { runs, json } = modelArguments(args);
  const results = runs.map((options) =>
    runModel(options, (seed, seconds) => {
      console.error(`${options.scenario}, seed ${seed}: ${seconds.toFixed(0)} s`);
    }),
  );
  console.log(json ? JSON.stringify(results, undefined, 2) : results.map(modelTable).join('\n\n'));
}
