import {
  REPAIR_WINDOW_DAYS,
  TARGET_LOSS_PER_YEAR,
  packLossWithin,
  perWindow,
  perYear,
  restorableNow,
} from './durability.ts';
import type { HolderOdds } from './durability.ts';
import type { PlanOptions } from './plan.ts';

/** How safe one pack is with the holders it has. */
export interface PackStanding {
  /** chance a year of losing it if it were always as it lies now */
  readonly lossPerYear: number;
  /** chance of losing it before the window ends, when nothing is repaired */
  readonly lossWithin: number;
  /** chance that enough of its holders are online now */
  readonly restorableNow: number;
  /** holders above `m`; negative when the pack is lost unless more turn up */
  readonly spare: number;
}

/**
 * @param holders of distinct shards of the pack, silent ones with the odds they have come to
 * @throws RoostError 'usage' for odds outside 0 to 1
 */
export function packStanding(
  holders: readonly HolderOdds[],
  m: number,
  options: PlanOptions = {},
): PackStanding {
  const windowDays = options.windowDays ?? REPAIR_WINDOW_DAYS;
  const lossWithin = packLossWithin(holders, m, windowDays);
  return {
    lossPerYear: perYear(lossWithin, windowDays),
    lossWithin,
    restorableNow: restorableNow(holders, m),
    spare: holders.length - m,
  };
}

/** Chance a year of losing a pack on these holders: of a `PackStanding` that alone, for who compares many. */
export function packLossPerYear(holders: readonly HolderOdds[], m: number): number {
  return perYear(packLossWithin(holders, m, REPAIR_WINDOW_DAYS), REPAIR_WINDOW_DAYS);
}

/**
 * How many times the loss of the whole pack is borne before pieces are remade. One holder that is gone for sure multiplies it by
 * about 1 / (chance that a holder fails in a window), 20 to 50 with holders as they are; one that is only silent, and comes back two
 * times of three, by 5 to 9. So 10 waits for the one and acts on the other, and on the second silent one.
 */
export const REPAIR_TRIGGER_FACTOR = 10;

/**
 * Whether a pack is worth the traffic of a repair now; what a holder itself declared lost needs no such question.
 *
 * Yes when the chance of losing it before the window ends is above the target's share of a window, and above REPAIR_TRIGGER_FACTOR
 * times that of the whole pack. The first bound keeps what is far safer than asked for from being repaired at each silence; the second
 * keeps a small circle, whose whole packs miss the target already, from repairing what repair cannot better.
 *
 * Yes, too, when more than half of the parity has no holder. Odds are guesses and failures come together: so thin a pack is not left
 * to them; and where the whole pack's own loss is above a tenth, no factor of it could be reached.
 *
 * @param now the pack as it lies: holders of distinct shards
 * @param whole the same code with all `n` shards on holders in good standing
 */
export function needsRepair(now: PackStanding, whole: PackStanding, options: PlanOptions = {}): boolean {
  if (now.spare < whole.spare / 2) return true;
  const windowDays = options.windowDays ?? REPAIR_WINDOW_DAYS;
  const target = perWindow(options.targetLossPerYear ?? TARGET_LOSS_PER_YEAR, windowDays);
  return now.lossWithin > Math.max(target, REPAIR_TRIGGER_FACTOR * whole.lossWithin);
}
