import type { Code } from '../../../src/core/erasure/codes.ts';
import { REPAIR_WINDOW_DAYS, perYear } from '../../../src/core/placement/durability.ts';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';
import { lossRatio, suspectOdds } from '../../../src/core/placement/priors.ts';
import { needsRepair, packStanding } from '../../../src/core/placement/standing.ts';
import { CLASSES } from './population.ts';

/** Time of grace of a silent partner, and the steps in which the owner looks at it again. */
export const GRACE_HOURS = 14 * 24;
export const SUSPICION_STEPS = 5;
export const RENEGED = SUSPICION_STEPS + 1;

/** Chance that a suspect never comes back with its pieces, at the beginning and at the end of its time of grace (src/agent/partners/odds.ts). */
const GONE_AT_FIRST = 0.02;
const GONE_AT_LAST = 0.95;

const COUNTS = 21;
const STEP_COUNTS = 16;

/** The planner's `needsRepair` for a pack with so many holders of each kind; each case is worked out once. */
export class RepairDecision {
  readonly #odds: readonly HolderOdds[];
  readonly #suspectOdds: readonly HolderOdds[];
  readonly #windowDays: number;
  readonly #known = new Map<number, boolean>();
  /** Of the pack asked about: holders in good standing by class, and suspects by step. Filled by the caller. */
  readonly good = new Uint8Array(CLASSES.length);
  readonly suspects = new Uint8Array(SUSPICION_STEPS);

  /** @param odds of each class, as planned with */
  constructor(odds: readonly HolderOdds[], windowDays: number) {
    this.#odds = odds;
    this.#windowDays = windowDays;
    // Suspects count as devices of the middle class.
    const known = odds[1]!;
    const ratio = lossRatio([{ odds: known, storageClass: CLASSES[1]! }]);
    this.#suspectOdds = Array.from({ length: SUSPICION_STEPS }, (_, step) => {
      const gone = GONE_AT_FIRST + (GONE_AT_LAST - GONE_AT_FIRST) * (step / SUSPICION_STEPS) ** 2;
      const lossPerYear = Math.max(known.lossPerYear, perYear(gone, REPAIR_WINDOW_DAYS));
      return suspectOdds({ availability: 0, lossPerYear }, ratio);
    });
  }

  needed(codeNumber: number, code: Code): boolean {
    const { good, suspects } = this;
    // By index: an iterator here takes a tenth of a whole run.
    let key = codeNumber;
    for (let i = 0; i < good.length; i++) key = key * COUNTS + good[i]!;
    for (let i = 0; i < suspects.length; i++)
      key = key * STEP_COUNTS + Math.min(suspects[i]!, STEP_COUNTS - 1);
    let needed = this.#known.get(key);
    if (needed === undefined) {
      needed = this.#workOut(code);
      this.#known.set(key, needed);
    }
    return needed;
  }

  #workOut(code: Code): boolean {
    const good = [...this.good].flatMap((count, number) =>
      Array.from({ length: count }, () => this.#odds[number]!),
    );
    const suspects = [...this.suspects].flatMap((count, step) =>
      Array.from({ length: count }, () => this.#suspectOdds[step]!),
    );
    // Whoever is suspect or missing would be replaced by somebody of the middle class.
    const others = Math.max(0, code.m + code.k - good.length);
    const whole = [...good, ...Array.from({ length: others }, () => this.#odds[1]!)];
    const options = { windowDays: this.#windowDays };
    const now = packStanding([...good, ...suspects], code.m, options);
    return needsRepair(now, packStanding(whole, code.m, options), options);
  }
}
