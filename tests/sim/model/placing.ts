import type { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { Code } from '../../../src/core/erasure/codes.ts';
import { totalShards } from '../../../src/core/erasure/codes.ts';
import { ShardAssigner } from '../../../src/core/placement/assign.ts';
import { domainCap } from '../../../src/core/placement/domains.ts';
import type { PlacementPartner } from '../../../src/core/placement/domains.ts';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';
import { planCode } from '../../../src/core/placement/plan.ts';
import type { PlanOptions } from '../../../src/core/placement/plan.ts';
import type { Members } from './members.ts';
import type { ModelOptions } from './options.ts';
import { HELD, STRIDE } from './packs.ts';
import type { Packs } from './packs.ts';
import { meet, midday } from './presence.ts';
import { APPLIANCE, CLASSES, FAMILIES, TAB, plannedOdds } from './population.ts';

/** Candidates looked at for one new partner. */
const CANDIDATES = 8;
/** Members asked when none of the partners can take a piece within the caps. */
const ASKED = 64;

/** Codes in use, by number, and the planner's choice for each mix of partners: it depends on little else. */
class Codes {
  readonly #plan: PlanOptions;
  readonly #codes: Code[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #chosen = new Map<string, number>();

  constructor(plan: PlanOptions) {
    this.#plan = plan;
  }

  at(number: number): Code {
    return this.#codes[number]!;
  }

  numberOf(code: Code): number {
    const key = `${code.name}:${code.m}+${code.k}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#codes.push(code) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }

  chosenFor(mix: string, partners: () => readonly PlacementPartner[]): number {
    let number = this.#chosen.get(mix);
    if (number === undefined) {
      number = this.numberOf(planCode(partners(), this.#plan).code);
      this.#chosen.set(mix, number);
    }
    return number;
  }
}

/** Who is whose partner, and which of them gets a piece. */
export class Placing {
  readonly codes: Codes;
  readonly #members: Members;
  readonly #packs: Packs;
  readonly #random: SeededRandom;
  readonly #options: ModelOptions;
  readonly #partners: Int32Array;
  readonly #perOwner: number;
  readonly #odds: readonly HolderOdds[];

  constructor(members: Members, packs: Packs, random: SeededRandom, options: ModelOptions) {
    this.#members = members;
    this.#packs = packs;
    this.#random = random;
    this.#options = options;
    this.#perOwner = options.partners;
    this.#odds = plannedOdds(options.plannedLifetimeDays);
    this.codes = new Codes({ windowDays: options.windowDays, targetLossPerYear: options.plannedLossPerYear });
    this.#partners = new Int32Array(members.capacity * options.partners).fill(-1);
  }

  /** Finds partners for a newcomer, or again for whoever lost some of them. */
  meet(owner: number): void {
    const base = owner * this.#perOwner;
    for (let i = 0; i < this.#perOwner; i++) {
      if (this.#isPartner(this.#partners[base + i]!)) continue;
      this.#partners[base + i] = -1;
    }
    for (let i = 0; i < this.#perOwner; i++) {
      if (this.#partners[base + i]! < 0) this.#partners[base + i] = this.#candidate(owner);
    }
  }

  forget(owner: number): void {
    const base = owner * this.#perOwner;
    this.#partners.fill(-1, base, base + this.#perOwner);
  }

  /** Places the packs `first` to `end - 1` of an owner; what there is already must have been removed. False when there are too few partners. */
  place(owner: number, first: number, end: number, now: number): boolean {
    const partners: number[] = [];
    const base = owner * this.#perOwner;
    for (let i = 0; i < this.#perOwner; i++) {
      const device = this.#partners[base + i]!;
      if (device >= 0) partners.push(device);
    }
    if (partners.length < 2) return false;
    const code = this.#options.code;
    const known = partners.map((device) => this.#placementPartner(device));
    const number =
      code === undefined ? this.codes.chosenFor(this.#mix(partners), () => known) : this.codes.numberOf(code);
    const chosen = this.codes.at(number);
    const n = totalShards(chosen);
    if (partners.length < n) return false;
    const assigner = new ShardAssigner(known);
    for (let pack = first; pack < end; pack++) {
      this.#packs.create(pack, number, chosen, now);
      const { order, taken } = assigner.assign(n, domainCap(chosen.k), pack - first);
      let slot = pack * STRIDE;
      for (const i of order) if (taken[i] === 1) this.#packs.attach(slot++, partners[i]!);
    }
    return true;
  }

  /**
   * A device online now to take a piece of this pack, -1 when there is none. Pieces that stay are those in state HELD with no suspect.
   * @param strict rather none than one that breaks a cap
   */
  holderFor(owner: number, pack: number, strict: boolean): number {
    if (this.#options.placement === 'random') return this.#anybody(owner, pack);
    const base = owner * this.#perOwner;
    let best = -1;
    let least = strict ? 1 : Infinity;
    for (let i = 0; i < this.#perOwner; i++) {
      const device = this.#partners[base + i]!;
      if (!this.#isPartner(device) || !this.#mayTake(device, pack)) continue;
      const breach = this.#breach(device, pack);
      if (breach >= least) continue;
      best = device;
      least = breach;
      if (breach === 0) return best;
    }
    const newcomer = this.#newcomer(owner, pack, least);
    return newcomer >= 0 ? newcomer : best;
  }

  /** A new partner that breaks the caps less than the best of the present ones, in the place of one that is gone or holds nothing of this pack. */
  #newcomer(owner: number, pack: number, least: number): number {
    let best = -1;
    let bound = least;
    for (let tries = 0; tries < ASKED; tries++) {
      const device = this.#someone();
      if (!this.#fits(owner, device) || this.#isPartnerOf(owner, device) || !this.#mayTake(device, pack))
        continue;
      const breach = this.#breach(device, pack);
      if (breach >= bound) continue;
      if (breach === 0) return this.#adopt(owner, device);
      best = device;
      bound = breach;
    }
    return best < 0 ? best : this.#adopt(owner, best);
  }

  #adopt(owner: number, device: number): number {
    const base = owner * this.#perOwner;
    for (let i = 0; i < this.#perOwner; i++) {
      if (this.#isPartner(this.#partners[base + i]!)) continue;
      this.#partners[base + i] = device;
      return device;
    }
    this.#partners[base + this.#random.below(this.#perOwner)] = device;
    return device;
  }

  #anybody(owner: number, pack: number): number {
    for (let tries = 0; tries < ASKED; tries++) {
      const device = this.#someone();
      if (this.#fits(owner, device) && this.#mayTake(device, pack)) return device;
    }
    return -1;
  }

  #someone(): number {
    const { present, presentCount } = this.#members;
    return present[this.#random.below(presentCount)]!;
  }

  #fits(owner: number, device: number): boolean {
    const { held, room, suspicion } = this.#members;
    const free = device !== owner && suspicion[device] === 0 && held[device]! < room[device]!;
    return free && this.#meet(owner, device);
  }

  #meet(a: number, b: number): boolean {
    const { storageClass, zone, rhythm } = this.#members;
    return meet(
      storageClass[a]!,
      midday(zone[a]!, rhythm[a]!),
      storageClass[b]!,
      midday(zone[b]!, rhythm[b]!),
    );
  }

  #isPartner(device: number): boolean {
    const { alive, leaving } = this.#members;
    return device >= 0 && alive[device] === 1 && leaving[device] === 0;
  }

  #isPartnerOf(owner: number, device: number): boolean {
    const base = owner * this.#perOwner;
    for (let i = 0; i < this.#perOwner; i++) if (this.#partners[base + i] === device) return true;
    return false;
  }

  #mayTake(device: number, pack: number): boolean {
    const { online, suspicion, held, room } = this.#members;
    if (online[device] === 0 || suspicion[device] !== 0 || held[device]! >= room[device]!) return false;
    const { holder, n } = this.#packs;
    const end = pack * STRIDE + n[pack]!;
    for (let slot = pack * STRIDE; slot < end; slot++) if (holder[slot] === device) return false;
    return true;
  }

  /** What `assignShards` calls breach, for one more piece beside those that stay. */
  #breach(device: number, pack: number): number {
    const { family, place, inviter, storageClass, suspicion } = this.#members;
    if (storageClass[device] === APPLIANCE) return 0;
    const { holder, state, n, m } = this.#packs;
    let families = 1;
    let places = 1;
    let inviters = 1;
    const end = pack * STRIDE + n[pack]!;
    for (let slot = pack * STRIDE; slot < end; slot++) {
      if (state[slot] !== HELD) continue;
      const other = holder[slot]!;
      if (storageClass[other] === APPLIANCE || suspicion[other] !== 0) continue;
      if (family[other] === family[device]) families++;
      if (place[other] === place[device]) places++;
      if (inviter[other] === inviter[device]) inviters++;
    }
    const cap = domainCap(n[pack]! - m[pack]!);
    return over(families - cap) + over(places - cap) + over(inviters - cap);
  }

  /** The best of a few members met by chance: another family, place and inviter than the partners so far, and our hours. */
  #candidate(owner: number): number {
    const { family, place, inviter, zone, storageClass } = this.#members;
    const base = owner * this.#perOwner;
    const spread = this.#options.placement === 'domains';
    let best = -1;
    let least = Infinity;
    for (let tries = 0; tries < CANDIDATES; tries++) {
      const device = this.#someone();
      if (!this.#fits(owner, device) || this.#isPartnerOf(owner, device)) continue;
      if (!spread) return device;
      let same = zone[device] === zone[owner] ? 0 : 1;
      if (storageClass[device] === TAB) same += 1;
      for (let i = 0; i < this.#perOwner; i++) {
        const other = this.#partners[base + i]!;
        if (other < 0) continue;
        if (place[other] === place[device]) same += 3;
        if (storageClass[device] === APPLIANCE || storageClass[other] === APPLIANCE) continue;
        if (family[other] === family[device]) same++;
        if (inviter[other] === inviter[device]) same++;
      }
      if (same >= least) continue;
      best = device;
      least = same;
    }
    return best;
  }

  #placementPartner(device: number): PlacementPartner {
    const { family, place, inviter, storageClass } = this.#members;
    const odds = this.#odds[storageClass[device]!]!;
    const exempt = storageClass[device] === APPLIANCE;
    if (this.#options.placement === 'random') return { id: String(device), odds, domains: [], exempt };
    const domains = [
      `family:${FAMILIES[family[device]!]!}`,
      `place:${place[device]!}`,
      `inviter:${inviter[device]!}`,
      `account:${device}`,
    ];
    return { id: String(device), odds, domains, exempt };
  }

  /** How many partners there are of each class and family. */
  #mix(partners: readonly number[]): string {
    const { family, storageClass } = this.#members;
    const counts = new Uint8Array(CLASSES.length * FAMILIES.length);
    for (const device of partners) counts[storageClass[device]! * FAMILIES.length + family[device]!]!++;
    return counts.join();
  }
}

function over(excess: number): number {
  return excess > 0 ? 2 * excess - 1 : 0;
}
