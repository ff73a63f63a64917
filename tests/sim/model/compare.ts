import type { ModelResult } from './run.ts';

/** What the simulator of the agent measured; its Metrics have these fields but the last. */
export interface AgentFigures {
  /** packs that had fewer than `m` intact pieces left */
  readonly losses: number;
  readonly objectYears: number;
  /** pack-years with fewer than `n` intact pieces */
  readonly incompleteYears: number;
  /** bytes of pieces remade outside backups */
  readonly repairBytes: number;
  /** bytes of data in one pack, on the mean */
  readonly objectBytes: number;
}

export interface Comparison {
  readonly figure: string;
  readonly agent: number;
  readonly model: number;
  /** agent / model; NaN when both are 0 */
  readonly ratio: number;
}

/** The figures that the agent and the model both report of the same scenario, in the same units. */
export function compare(agent: AgentFigures, { figures }: ModelResult): readonly Comparison[] {
  const rows: readonly (readonly [string, number, number])[] = [
    ['losses per object-year', agent.losses / agent.objectYears, figures.losses / figures.objectYears],
    ['share of time below n', agent.incompleteYears / agent.objectYears, figures.belowNShare],
    // The agent counts what repair writes; what it reads stands beside it in the model's own figures.
    [
      'repair writes per object-year',
      agent.repairBytes / (agent.objectBytes * agent.objectYears),
      figures.writtenPerObjectYear,
    ],
  ];
  return rows.map(([figure, ours, theirs]) => ({ figure, agent: ours, model: theirs, ratio: ours / theirs }));
}
