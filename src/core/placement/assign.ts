import { totalShards } from '../erasure/codes.ts';
import type { Code } from '../erasure/codes.ts';
import { RoostError } from '../errors.ts';
import {
  ACCOUNT_CAP,
  ACCOUNT_WEIGHT,
  cappedDomains,
  domainCap,
  isAccount,
  placementRisks,
} from './domains.ts';
import type { DomainRisk, PlacementPartner } from './domains.ts';

export interface Assignment {
  /** holder of each shard by its number: `n` distinct partners, or all when there are fewer */
  readonly chosen: readonly PlacementPartner[];
  /** the others, in the order of their turn */
  readonly spares: readonly PlacementPartner[];
  /** caps that could not be kept, the worst first */
  readonly risks: readonly DomainRisk[];
}

/**
 * Chooses the holders of one pack: no domain above its cap; where that cannot be, the smallest `placementBreach`, so that accounts are
 * kept apart before all else. Exact for up to 10 partners; beyond, caps that just fit are missed about once in a hundred. The same arguments give the same answer. With fewer partners than shards the last shards
 * are left for later.
 * @param turn counts packs: whatever the caps leave free goes round all partners
 * @throws RoostError 'usage' when two have one id
 */
export function assignShards(partners: readonly PlacementPartner[], code: Code, turn: number): Assignment {
  const shards = Math.min(totalShards(code), partners.length);
  const { order, taken } = new ShardAssigner(partners).assign(shards, domainCap(code.k), turn);
  const chosen = order.filter((i) => taken[i] === 1).map((i) => partners[i]!);
  const spares = order.filter((i) => taken[i] === 0).map((i) => partners[i]!);
  return { chosen, spares, risks: placementRisks(chosen, code) };
}

/** Up to here all choices are looked at (at most 2^10); beyond, caps that hold are found by exchange of pairs. */
const EXHAUSTIVE_PARTNERS_MAX = 10;

/** Exchange ends where no single one helps; another beginning often ends better. */
const RESTARTS = 4;

/** Spreads any run of the ranking evenly over all of it. */
const GOLDEN_SHARE = (Math.sqrt(5) - 1) / 2;

/** The partners' indexes in the order of their turn, and which of them got a shard. */
export interface Choice {
  readonly order: readonly number[];
  readonly taken: Uint8Array;
  /** shards of the fullest domain whose cap is broken; 0 when all hold */
  readonly worst: number;
}

/** The partners with their domains as numbers, made once for many choices. */
export class ShardAssigner {
  readonly #domainsOf: readonly (readonly number[])[];
  readonly #account: readonly boolean[];
  readonly #order: readonly number[];
  readonly #held: Int32Array;
  /** partners of each domain, and the domains of each kind (`family`, `place` …) of which no partner has two */
  readonly #members: Int32Array;
  readonly #kinds: readonly (readonly number[])[];
  #cap = 1;

  /** @throws RoostError 'usage' when two partners have one id */
  constructor(partners: readonly PlacementPartner[]) {
    if (new Set(partners.map(({ id }) => id)).size < partners.length) {
      throw new RoostError('usage', `"partners" must have distinct ids, got one twice`);
    }
    const numbers = new Map<string, number>();
    this.#domainsOf = partners.map((partner) =>
      cappedDomains(partner).map((domain) => {
        const number = numbers.get(domain) ?? numbers.size;
        numbers.set(domain, number);
        return number;
      }),
    );
    this.#account = [...numbers.keys()].map(isAccount);
    this.#order = mixedOrder(partners);
    this.#held = new Int32Array(numbers.size);
    this.#members = new Int32Array(numbers.size);
    for (const domain of this.#domainsOf.flat()) this.#members[domain]!++;
    const kinds = new Map<string, number[]>();
    for (const [domain, number] of numbers) {
      const kind = domain.slice(0, domain.indexOf(':'));
      kinds.set(kind, [...(kinds.get(kind) ?? []), number]);
    }
    this.#kinds = [...kinds.values()].filter((kind) =>
      this.#domainsOf.every((own) => own.filter((domain) => kind.includes(domain)).length < 2),
    );
  }

  /**
   * Takes `n` partners for a pack whose domains may hold `cap` shards.
   * @throws RoostError 'too-few' for fewer partners than `n`
   */
  assign(n: number, cap: number, turn: number): Choice {
    const count = this.#order.length;
    if (count < n) throw new RoostError('too-few', `a pack in ${n} pieces needs ${n} partners, got ${count}`);
    const start = count === 0 ? 0 : (turn * n) % count;
    const order = [...this.#order.slice(start), ...this.#order.slice(0, start)];
    this.#cap = cap;
    this.#held.fill(0);
    let taken = new Uint8Array(count);
    let breach = this.#fill(order, taken, n);
    if (breach > 0) breach = this.#exchange(order, taken, breach);
    if (breach > 0 && n < count && (count <= EXHAUSTIVE_PARTNERS_MAX || this.#mayHold(n))) {
      taken =
        (count <= EXHAUSTIVE_PARTNERS_MAX
          ? this.#search(order, n, breach)
          : this.#restart(order, n, breach)) ?? taken;
      this.#hold(taken);
    }
    return { order, taken, worst: this.#worst() };
  }

  /** Takes whoever adds the least breach, the earliest in turn among equals. */
  #fill(order: readonly number[], taken: Uint8Array, n: number): number {
    let breach = 0;
    for (let shard = 0; shard < n; shard++) {
      let best = -1;
      let least = Infinity;
      for (const i of order) {
        if (taken[i] === 1) continue;
        const added = this.#added(i);
        if (added >= least) continue;
        best = i;
        least = added;
        if (added === 0) break;
      }
      breach += this.#take(best, taken);
    }
    return breach;
  }

  /** Exchanges a taken partner for a free one as long as that lowers the breach. */
  #exchange(order: readonly number[], taken: Uint8Array, from: number): number {
    let breach = from;
    for (let better = true; better && breach > 0;) {
      better = false;
      for (const out of order) {
        if (taken[out] === 0) continue;
        const freed = this.#leave(out, taken);
        let best = out;
        let least = freed;
        if (freed > 0) {
          for (const into of order) {
            if (taken[into] === 1 || into === out) continue;
            const added = this.#added(into);
            if (added >= least) continue;
            best = into;
            least = added;
          }
        }
        breach += this.#take(best, taken) - freed;
        better ||= best !== out;
      }
    }
    return breach;
  }

  /** False when the domains of one kind alone have no room for `n` shards: then no beginning is worth trying again. */
  #mayHold(n: number): boolean {
    return this.#kinds.every((kind) => {
      let over = 0;
      for (const domain of kind) over += Math.max(0, this.#members[domain]! - this.#capOf(domain));
      return this.#order.length - over >= n;
    });
  }

  /** The best choice found from other ends of the order, if it is below `from`. */
  #restart(order: readonly number[], n: number, from: number): Uint8Array<ArrayBuffer> | undefined {
    let least = from;
    let found: Uint8Array<ArrayBuffer> | undefined;
    for (let restart = 1; restart <= RESTARTS && least > 0; restart++) {
      const start = Math.floor((restart * order.length) / (RESTARTS + 1));
      const turned = [...order.slice(start), ...order.slice(0, start)];
      const taken = new Uint8Array(order.length);
      this.#held.fill(0);
      const breach = this.#exchange(turned, taken, this.#fill(turned, taken, n));
      if (breach >= least) continue;
      least = breach;
      found = taken;
    }
    return found;
  }

  /** The first of all choices with the smallest breach below `from`, if there is one. */
  #search(order: readonly number[], n: number, from: number): Uint8Array<ArrayBuffer> | undefined {
    let least = from;
    let found: Uint8Array<ArrayBuffer> | undefined;
    const taken = new Uint8Array(order.length);
    this.#held.fill(0);
    // Breach only grows with each partner taken, so a branch that has reached the best known one is not followed.
    const descend = (position: number, left: number, breach: number): void => {
      if (breach >= least) return;
      if (left === 0) {
        least = breach;
        found = taken.slice();
        return;
      }
      if (order.length - position < left) return;
      const i = order[position]!;
      descend(position + 1, left - 1, breach + this.#take(i, taken));
      this.#leave(i, taken);
      descend(position + 1, left, breach);
    };
    descend(0, n, 0);
    return found;
  }

  /** What taking this partner would add to the breach: (e + 1)² - e² for each domain that is e above its cap. */
  #added(i: number): number {
    let added = 0;
    for (const domain of this.#domainsOf[i]!) {
      const excess = this.#held[domain]! + 1 - this.#capOf(domain);
      if (excess > 0) added += (2 * excess - 1) * (this.#account[domain]! ? ACCOUNT_WEIGHT : 1);
    }
    return added;
  }

  #take(i: number, taken: Uint8Array): number {
    const added = this.#added(i);
    taken[i] = 1;
    for (const domain of this.#domainsOf[i]!) this.#held[domain]!++;
    return added;
  }

  #leave(i: number, taken: Uint8Array): number {
    taken[i] = 0;
    for (const domain of this.#domainsOf[i]!) this.#held[domain]!--;
    return this.#added(i);
  }

  #hold(taken: Uint8Array): void {
    this.#held.fill(0);
    for (let i = 0; i < taken.length; i++) {
      if (taken[i] === 1) for (const domain of this.#domainsOf[i]!) this.#held[domain]!++;
    }
  }

  #capOf(domain: number): number {
    return this.#account[domain]! ? ACCOUNT_CAP : this.#cap;
  }

  #worst(): number {
    let worst = 0;
    for (let domain = 0; domain < this.#held.length; domain++) {
      const shards = this.#held[domain]!;
      if (shards > this.#capOf(domain)) worst = Math.max(worst, shards);
    }
    return worst;
  }
}

/** Ranked by how well they last, then dealt out so that neighbours in the order differ and each pack gets good and bad alike. */
function mixedOrder(partners: readonly PlacementPartner[]): readonly number[] {
  const ranked = partners.map((_, i) => i);
  ranked.sort((a, b) => compare(partners[a]!, partners[b]!));
  const place = new Float64Array(partners.length);
  for (let rank = 0; rank < ranked.length; rank++) place[ranked[rank]!] = (rank * GOLDEN_SHARE) % 1;
  return ranked.sort((a, b) => place[a]! - place[b]!);
}

function compare(a: PlacementPartner, b: PlacementPartner): number {
  return a.odds.lossPerYear - b.odds.lossPerYear || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
