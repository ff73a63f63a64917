import type { Code } from '../erasure/codes.ts';
import { RoostError } from '../errors.ts';
import { ShardAssigner } from './assign.ts';
import type { Choice } from './assign.ts';
import { domainCap, placementRisks } from './domains.ts';
import type { DomainRisk, PlacementPartner } from './domains.ts';
import {
  REPAIR_WINDOW_DAYS,
  TARGET_LOSS_PER_YEAR,
  perWindow,
  perYear,
  restorableNow,
  survivalWithin,
} from './durability.ts';
import { addTrial, distributionOf, sumBelow } from './poisson-binomial.ts';

/** More pieces than this make them small, audits many and a restore wait for too many devices. */
export const SHARDS_MAX = 20;

/**
 * New packs are planned for this part of the target. The binomial knows neither an owner who is away longer than the window, nor that a
 * pack down to its last spare pieces waits until enough holders are online together; and packs of one owner are lost together. With 1 the
 * model lost one pack in 1.6 million pack-years; with 10 it mostly got 10+8, which hardly differs from 12+8 there; with 30 it is 11+9.
 */
export const PLANNING_MARGIN = 30;

/** Packs whose holders are looked at for one code. The worst counts: each pack must be safe, not the first. */
const PLANNED_TURNS = 3;
/**
 * Where the target is out of reach, loss within this factor of the least counts as equal: odds are not known better than that. Without
 * it each odd number of equal partners would leave one of them out for little (2+2 of five loses 2.5 times less than 3+2, 1+1 of three
 * 3 times less than 2+1), and a code that outlives a whole family would yield to one that does not.
 */
const LOSS_TOLERANCE = 4;

/**
 * Stored bytes for each byte of a pack, at most, where too few partners are in reach at once for a code of overhead 2: who has three
 * of fifty in reach needs packs that any two of their holders bring back, and safety from the holders that come later.
 */
const OVERHEAD_MAX_FEW_IN_REACH = 3;
const OVERHEAD_MAX = 2;

export interface PlanOptions {
  readonly targetLossPerYear?: number;
  /** days within which nothing is repaired */
  readonly windowDays?: number;
  /** ids of the partners that can take a piece now; the others take theirs when they are back. All of them, if not given. */
  readonly inReach?: ReadonlySet<string>;
}

export type PlacementRisk =
  | DomainRisk
  /** `wanted`: how many partners like these would reach the target, as far as codes go (SHARDS_MAX) */
  | { readonly kind: 'too-few-partners'; readonly partners: number; readonly wanted: number };

export interface Plan {
  readonly code: Code;
  /** of the worst of the packs looked at */
  readonly lossPerYear: number;
  readonly restorableNow: number;
  /** stored bytes for each byte of a pack, n / m */
  readonly overhead: number;
  readonly meetsTarget: boolean;
  readonly risks: readonly PlacementRisk[];
}

/**
 * Chooses the code for new packs: the one that all partners together allow, if its `m` is no greater than that of the code for those in reach
 * alone, so that what can be placed now bears as many losses as if there were no others. Else, of the codes with such an `m`, one that loses no
 * more than that of all once all its pieces lie; where there is none, the one that loses least. Its overhead may be up to 3.
 *
 * Of all partners together: of the codes with overhead up to 2 that meet the target with the margin: those whose domain caps hold,
 * else those that outlive any one domain, else all; of these the least overhead, then the fewest shards. When none does: half of the
 * shards are parity, and of the codes that lose about as little as can be (see LOSS_TOLERANCE) again the least exposed, then the widest.
 * 1 partner → a copy; 2 → two copies; of equal ones 3 → 2+1, 4 → 2+2, 5 → 3+2, 6 → 3+3 as long as the target is out of reach.
 * @throws RoostError 'too-few' without a partner, 'usage' when two have one id or odds are outside 0 to 1
 */
export function planCode(partners: readonly PlacementPartner[], options: PlanOptions = {}): Plan {
  if (partners.length === 0) {
    throw new RoostError('too-few', 'a backup needs at least 1 partner, 0 can be reached');
  }
  return new Planner(partners, options).plan();
}

/** `n` shards, `k` of them parity. */
interface Shape {
  readonly n: number;
  readonly k: number;
}

/** What codes may be chosen. */
interface Bounds {
  /** chance of loss in a window that is good enough */
  readonly within: number;
  /** most parity of a code of `n` shards */
  readonly parityMax: (n: number) => number;
  readonly placeable: (shape: Shape) => boolean;
}

/** A code and the pack it would make that is worst off. */
interface Trial extends Shape {
  readonly lossWithin: number;
  /** 0: all caps hold; 1: any one domain may fail; 2: one domain can take the pack along */
  readonly exposure: 0 | 1 | 2;
}

/** One way in which a pack may lie, and the distribution of surviving holders. */
interface Layout {
  readonly choice: Choice;
  readonly survivors: Float64Array;
}

class Planner {
  readonly #partners: readonly PlacementPartner[];
  readonly #windowDays: number;
  readonly #targetWithin: number;
  readonly #plannedWithin: number;
  readonly #survivals: readonly number[];
  readonly #assigner: ShardAssigner;
  readonly #dataMax: number;
  readonly #layouts = new Map<number, readonly Layout[]>();

  constructor(partners: readonly PlacementPartner[], options: PlanOptions) {
    this.#partners = partners;
    this.#windowDays = options.windowDays ?? REPAIR_WINDOW_DAYS;
    const target = options.targetLossPerYear ?? TARGET_LOSS_PER_YEAR;
    this.#targetWithin = perWindow(target, this.#windowDays);
    this.#plannedWithin = perWindow(target / PLANNING_MARGIN, this.#windowDays);
    this.#survivals = partners.map(({ odds }) => survivalWithin(odds, this.#windowDays));
    this.#assigner = new ShardAssigner(partners);
    this.#dataMax = dataMax(partners, options);
  }

  plan(): Plan {
    if (this.#partners.length === 1) return this.#finish(this.#try(1, 0));
    const all = this.#best({
      within: this.#plannedWithin,
      parityMax: (n) => parityUpTo(n, OVERHEAD_MAX),
      placeable: () => true,
    });
    if (this.#isPlaceable(all)) return this.#finish(all);
    const placeable = this.#best({
      within: Math.max(this.#plannedWithin, all.lossWithin),
      parityMax: (n) => parityUpTo(n, OVERHEAD_MAX_FEW_IN_REACH),
      placeable: (code) => this.#isPlaceable(code),
    });
    return this.#finish(placeable);
  }

  #isPlaceable({ n, k }: Shape): boolean {
    return n - k <= this.#dataMax;
  }

  #best(bounds: Bounds): Trial {
    return this.#cheapest(bounds) ?? this.#safest(bounds);
  }

  get #shardsMax(): number {
    return Math.min(this.#partners.length, SHARDS_MAX);
  }

  #cheapest(bounds: Bounds): Trial | undefined {
    let best: Trial | undefined;
    for (const { n, k } of this.#goodEnough(bounds)) {
      const trial = this.#try(n, k);
      if (trial.lossWithin > bounds.within) continue;
      if (best === undefined || trial.exposure < best.exposure) best = trial;
      if (best.exposure === 0) break;
    }
    return best;
  }

  /** The codes that are good enough with the most lasting holders, the least overhead first: others need no closer look. */
  #goodEnough({ within, parityMax, placeable }: Bounds): Shape[] {
    const codes: Shape[] = [];
    const lasting = this.#survivals.toSorted((a, b) => b - a);
    const survivors = new Float64Array(this.#shardsMax + 1);
    survivors[0] = 1;
    for (let n = 1; n <= this.#shardsMax; n++) {
      addTrial(survivors, n - 1, lasting[n - 1]!);
      for (let k = 1; k <= parityMax(n); k++) {
        if (placeable({ n, k }) && sumBelow(survivors, n - k) <= within) codes.push({ n, k });
      }
    }
    // n / (n - k) grows with k / n
    return codes.sort((a, b) => a.k * b.n - b.k * a.n || a.n - b.n);
  }

  /** Of the codes with as much parity as may be. Two copies can always be placed. */
  #safest({ parityMax, placeable }: Bounds): Trial {
    const trials: Trial[] = [];
    for (let n = 2; n <= this.#shardsMax; n++) {
      const shape = { n, k: parityMax(n) };
      if (placeable(shape)) trials.push(this.#try(shape.n, shape.k));
    }
    const least = Math.min(...trials.map(({ lossWithin }) => lossWithin));
    const tolerated = LOSS_TOLERANCE * least;
    // Where the target itself can be met, it is.
    const bound = least <= this.#targetWithin ? Math.min(tolerated, this.#targetWithin) : tolerated;
    return trials
      .filter(({ lossWithin }) => lossWithin <= bound)
      .reduce((best, trial) => (trial.exposure <= best.exposure ? trial : best));
  }

  #try(n: number, k: number): Trial {
    let lossWithin = 0;
    let exposure: Trial['exposure'] = 0;
    for (const { choice, survivors } of this.#layoutsOf(n, domainCap(k))) {
      lossWithin = Math.max(lossWithin, sumBelow(survivors, n - k));
      if (choice.worst > k) exposure = 2;
      else if (choice.worst > 0 && exposure === 0) exposure = 1;
    }
    return { n, k, lossWithin, exposure };
  }

  #layoutsOf(n: number, cap: number): readonly Layout[] {
    const key = n * (SHARDS_MAX + 1) + cap;
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const turns = Math.min(PLANNED_TURNS, Math.ceil(this.#partners.length / n));
    const layouts = Array.from({ length: turns }, (_, turn): Layout => {
      const choice = this.#assigner.assign(n, cap, turn);
      return { choice, survivors: distributionOf(this.#survivals.filter((_, i) => choice.taken[i] === 1)) };
    });
    this.#layouts.set(key, layouts);
    return layouts;
  }

  #finish({ n, k, lossWithin }: Trial): Plan {
    const code = codeOf(n - k, k);
    const packs = this.#layoutsOf(n, domainCap(k)).map(({ choice }) =>
      this.#partners.filter((_, i) => choice.taken[i] === 1),
    );
    const meetsTarget = lossWithin <= this.#targetWithin;
    const broken = packs
      .map((holders) => placementRisks(holders, code))
      .reduce((worst, risks) => ((risks[0]?.shards ?? 0) > (worst[0]?.shards ?? 0) ? risks : worst));
    const partners = this.#partners.length;
    return {
      code,
      lossPerYear: perYear(lossWithin, this.#windowDays),
      restorableNow: Math.min(
        ...packs.map((holders) =>
          restorableNow(
            holders.map(({ odds }) => odds),
            code.m,
          ),
        ),
      ),
      overhead: n / code.m,
      meetsTarget,
      risks: meetsTarget
        ? broken
        : [...broken, { kind: 'too-few-partners', partners, wanted: this.#wanted() }],
    };
  }

  /** The number of partners as lasting as these are on the mean that would meet the target. */
  #wanted(): number {
    const partners = this.#partners.length;
    const mean = this.#survivals.reduce((sum, survival) => sum + survival, 0) / partners;
    const survivors = new Float64Array(SHARDS_MAX + 1);
    survivors[0] = 1;
    for (let n = 1; n <= SHARDS_MAX; n++) {
      addTrial(survivors, n - 1, mean);
      if (n > partners && sumBelow(survivors, Math.ceil(n / 2)) <= this.#targetWithin) return n;
    }
    return Math.max(SHARDS_MAX, partners + 1);
  }
}

/** The most data shards with which a pack on those in reach alone is as safe as one planned for them. */
function dataMax(partners: readonly PlacementPartner[], options: PlanOptions): number {
  const { inReach, ...others } = options;
  if (inReach === undefined) return Infinity;
  const here = partners.filter(({ id }) => inReach.has(id));
  return here.length === partners.length ? Infinity : planCode(here, others).code.m;
}

/** Parity shards of `n` at an overhead of at most `overhead`. */
function parityUpTo(n: number, overhead: number): number {
  return Math.floor((n * (overhead - 1)) / overhead);
}

function codeOf(m: number, k: number): Code {
  if (k === 0) return { name: 'stripe', m, k };
  if (m === 1) return { name: 'mirror', m, k };
  return { name: k === 1 ? 'parity' : 'reed-solomon', m, k };
}
