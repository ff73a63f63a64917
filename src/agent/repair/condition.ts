import { totalShards } from '../../core/erasure/codes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import { placementRisks } from '../../core/placement/domains.ts';
import type { DomainRisk, PlacementPartner } from '../../core/placement/domains.ts';
import { needsRepair, packStanding } from '../../core/placement/standing.ts';
import type { PackStanding } from '../../core/placement/standing.ts';
import type { Partner } from '../network/types.ts';
import { placementPartner } from '../placement.ts';
import type { RepairFacts, Placement } from '../repository/records.ts';
import type { Held, Hold, HolderBook } from './holders.ts';

/** How one pack lies now. */
export interface PackCondition {
  readonly held: readonly Held[];
  /** shards that nobody has: their holders said so, are gone for good, or never were */
  readonly missing: readonly number[];
  /** how many of those somebody had; the others wait for a first holder */
  readonly lost: number;
  /** shards that only leaving holders have */
  readonly leaving: readonly number[];
  /** shards that only suspect holders have, the likeliest to be lost first */
  readonly suspect: readonly number[];
  /** the best holder of each shard that lasts */
  readonly lasting: ReadonlyMap<number, Partner>;
  /** distinct shards of which it is not proved that they are gone */
  readonly perhaps: number;
  /** more than half of the parity is gone: no time to be lost */
  readonly critical: boolean;
  readonly standing: PackStanding;
  /** the odds call for a repair although no piece is known to be lost */
  readonly thin: boolean;
}

const LASTING: readonly Hold[] = ['good', 'suspect'];

/** @param gathered shards that were fetched to mend it and are kept here: they are not gone, for `perhaps` */
export function assessPack(
  { code, awaited }: Pick<RepairFacts, 'code' | 'awaited'>,
  placements: readonly Placement[],
  holders: HolderBook,
  gathered: readonly number[] = [],
): PackCondition {
  const held = placements.map((placement) => holders.look(placement));
  const lasting = new Map<number, Partner>();
  const good = new Set<number>();
  const readable = new Set<number>();
  const perhaps = new Set<number>(gathered);
  for (const { placement, hold, partner } of held) {
    const { shard } = placement;
    if (hold === 'good') good.add(shard);
    if (hold !== 'gone') perhaps.add(shard);
    if (hold !== 'gone' && hold !== 'unknown') readable.add(shard);
    if (partner === undefined || !LASTING.includes(hold)) continue;
    const known = lasting.get(shard);
    if (known === undefined || partner.odds.lossPerYear < known.odds.lossPerYear) lasting.set(shard, partner);
  }
  const shards = Array.from({ length: totalShards(code) }, (_, shard) => shard);
  const odds = [...lasting.values()].map((partner) => partner.odds);
  const standing = packStanding(odds, code.m);
  // The same pack with every shard on a holder in good standing.
  const whole = packStanding(
    shards.map((shard) => (good.has(shard) ? lasting.get(shard)!.odds : holders.typical)),
    code.m,
  );
  const missing = shards.filter((shard) => !readable.has(shard));
  const lost = missing.filter((shard) => !awaited.includes(shard)).length;
  return {
    held,
    missing,
    lost,
    leaving: shards.filter((shard) => readable.has(shard) && !lasting.has(shard)),
    suspect: shards
      .filter((shard) => lasting.has(shard) && !good.has(shard))
      .sort((a, b) => lasting.get(b)!.odds.lossPerYear - lasting.get(a)!.odds.lossPerYear),
    lasting,
    perhaps: perhaps.size,
    critical: standing.spare < code.k / 2,
    standing,
    thin: needsRepair(standing, whole),
  };
}

/** Whether something must be done that does not wait. */
export function isUrgent({ lost, leaving }: PackCondition): boolean {
  return lost > 0 || leaving.length > 0;
}

/** Whether each shard has a holder that stays, or may come back. */
export function isWhole({ missing, leaving }: PackCondition): boolean {
  return missing.length === 0 && leaving.length === 0;
}

/** Whether the odds of those that fell silent call for more pieces. */
export function isLazilyDue({ suspect, thin }: PackCondition): boolean {
  return thin && suspect.length > 0;
}

/** Those that keep the pack, as placement sees them. */
export function lastingHolders({ lasting }: PackCondition): readonly PlacementPartner[] {
  return [...lasting.values()].map(placementPartner);
}

/** Caps of failure domains that the pack breaks as it lies. */
export function risksOf(code: Code, condition: PackCondition): readonly DomainRisk[] {
  // What waits for a holder bears nothing yet.
  const waiting = condition.missing.length - condition.lost;
  return placementRisks(lastingHolders(condition), { ...code, k: Math.max(0, code.k - waiting) });
}
