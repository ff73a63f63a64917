import { totalShards } from '../../core/erasure/codes.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { DomainRisk } from '../../core/placement/domains.ts';
import type { AgentContext } from '../context.ts';
import { assessPack, isLazilyDue, isUrgent, risksOf } from './condition.ts';
import { HolderBook } from './holders.ts';
import { takers } from '../placement.ts';
import type { PackSource } from './pack-source.ts';
import { ownPacks } from './pack-source.ts';
import { hasSurplus } from './surplus.ts';

/** How this device's packs lie. */
export interface PackSurvey {
  readonly packs: number;
  /** shards of the widest of them */
  readonly widest: number;
  /** pieces that are lost and not made again yet */
  readonly missing: number;
  /** pieces that wait for a first holder */
  readonly awaited: number;
  /** partners that could take one of those */
  readonly awaitedOf: ReadonlySet<DeviceId>;
  /** of the pack that is worst off; 0 without a pack */
  readonly worstLossPerYear: number;
  /** chance that the pack that is worst off could be read now; 1 without a pack */
  readonly worstRestorableNow: number;
  /** pieces are gone, or about to be */
  readonly urgent: boolean;
  /** holders have been silent so long, or pieces lie twice, that a repair is worth while */
  readonly lazy: boolean;
  /** broken caps, each domain once, as in the pack where it is broken most */
  readonly risks: readonly DomainRisk[];
  /** pieces above `m` of the pack that is worst off: so many holders may vanish; 0 without a pack */
  readonly canLose: number;
  readonly holders: ReadonlySet<DeviceId>;
  /** sealed bytes that each holder keeps for us, as far as is known */
  readonly heldBy: ReadonlyMap<DeviceId, number>;
}

/** Looks at every pack once, by what is known here: nobody is asked. */
export async function surveyPacks(
  context: AgentContext,
  source: PackSource = ownPacks(context),
): Promise<PackSurvey> {
  const holders = new HolderBook(context.cooperation);
  const risks = new Map<string, DomainRisk>();
  const heldBy = new Map<DeviceId, number>();
  let canLose = Infinity;
  let packs = 0;
  let widest = 0;
  let missing = 0;
  let awaited = 0;
  const awaitedOf = new Set<DeviceId>();
  const able = takers(context.cooperation.partners());
  let worstLossPerYear = 0;
  let worstRestorableNow = 1;
  let urgent = false;
  let lazy = false;
  for await (const { facts, placements, mine } of source.packs()) {
    if (!mine) continue;
    packs++;
    widest = Math.max(widest, totalShards(facts.code));
    const condition = assessPack(facts, placements, holders);
    const waiting = condition.missing.length - condition.lost;
    missing += condition.lost;
    awaited += waiting;
    if (waiting > 0) {
      const inside = new Set(placements.map(({ holder }) => holder));
      for (const { device } of able) if (!inside.has(device)) awaitedOf.add(device);
    }
    canLose = Math.min(canLose, totalShards(facts.code) - condition.missing.length - facts.code.m);
    for (const { placement, hold } of condition.held) {
      if (hold === 'gone' || hold === 'unknown') continue;
      heldBy.set(placement.holder, (heldBy.get(placement.holder) ?? 0) + placement.bytes);
    }
    worstLossPerYear = Math.max(worstLossPerYear, condition.standing.lossPerYear);
    worstRestorableNow = Math.min(worstRestorableNow, condition.standing.restorableNow);
    urgent ||= isUrgent(condition);
    lazy ||= isLazilyDue(condition) || hasSurplus(condition);
    for (const risk of risksOf(facts.code, condition)) {
      const known = risks.get(risk.domain);
      if (known === undefined || risk.shards - risk.cap > known.shards - known.cap)
        risks.set(risk.domain, risk);
    }
  }
  const worstFirst = [...risks.values()].sort((a, b) => b.shards - b.cap - (a.shards - a.cap));
  return {
    packs,
    widest,
    missing,
    awaited,
    awaitedOf,
    worstLossPerYear,
    worstRestorableNow,
    urgent,
    lazy,
    risks: worstFirst,
    canLose: packs === 0 ? 0 : Math.max(0, canLose),
    holders: new Set(heldBy.keys()),
    heldBy,
  };
}
