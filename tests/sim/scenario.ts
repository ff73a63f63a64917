import type { Cooperative } from './cooperative.ts';
import type { Fault, FaultPlan } from './faults.ts';
import type { Outcome } from './outcome.ts';

/** A kind of year: what goes wrong in it, and what must hold at its end. How to add one: README.md. */
export interface Scenario {
  readonly name: string;
  /** one sentence */
  readonly describe: string;
  /** Everything that goes wrong, drawn from the plan's chance alone. */
  faults(plan: FaultPlan): readonly Fault[];
  /** Before time begins: liars are put in place here (`world.network.tapDevice`). */
  setup?(cooperative: Cooperative): void;
  /** Beyond the law for all (nothing is lost, everything restores): why the run failed, if it did. */
  judge?(outcome: Outcome): readonly string[];
}
