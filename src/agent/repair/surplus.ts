import type { Code } from '../../core/erasure/codes.ts';
import { placementBreach } from '../../core/placement/domains.ts';
import type { AgentContext } from '../context.ts';
import type { PackCondition } from './condition.ts';
import { isWhole } from './condition.ts';
import type { Held } from './holders.ts';
import type { PackSource } from './pack-source.ts';
import { placementPartner } from '../placement.ts';
import type { RepairFacts } from '../repository/records.ts';

/** Whether a pack has placements that it does without: all is well, and a shard lies twice or is on record where it is gone. */
export function hasSurplus(condition: PackCondition): boolean {
  return surplus(condition).length > 0;
}

/**
 * Forgets placements that are gone where others have taken over, and lets go of the worse one of two that keep the same shard.
 * While somebody is suspect or leaving nothing is let go: it may be needed yet.
 */
export async function dropSurplus(
  context: AgentContext,
  pack: RepairFacts,
  condition: PackCondition,
  source: PackSource,
): Promise<void> {
  const kept = new Set(choose(pack.code, condition).map(({ placement }) => placement));
  const replaced = surplus(condition)
    .filter(({ placement }) => !kept.has(placement))
    .filter((held) => held.hold !== 'good' || mayRelease(held, source))
    .map(({ placement, hold }) => ({ placement, release: hold === 'good' }));
  if (replaced.length > 0) await context.repository.rows.commitPlacements(pack.packId, [], replaced);
}

/** Whether a row is ours to release at its holder. */
export function mayRelease({ adopted }: Held, { releasesAll }: PackSource): boolean {
  return releasesAll || !adopted;
}

/** Placements of shards that lie on several good holders, and those that are gone; none while the pack is not whole. */
function surplus(condition: PackCondition): readonly Held[] {
  if (!isWhole(condition)) return [];
  const { held } = condition;
  const restless = held.some(({ hold }) => hold === 'suspect' || hold === 'leaving');
  const good = new Map<number, number>();
  for (const { placement, hold } of held) {
    if (hold === 'good') good.set(placement.shard, (good.get(placement.shard) ?? 0) + 1);
  }
  return held.filter(({ placement, hold }) => {
    const copies = good.get(placement.shard) ?? 0;
    if (hold === 'good') return copies > 1 && !restless;
    return (hold === 'gone' || hold === 'unknown') && copies > 0;
  });
}

/** One good holder for each shard: those that break the caps least, then the longest lasting. */
function choose(code: Code, { held }: PackCondition): readonly Held[] {
  const byShard = new Map<number, Held[]>();
  for (const one of held) {
    if (one.hold !== 'good') continue;
    const others = byShard.get(one.placement.shard);
    if (others) others.push(one);
    else byShard.set(one.placement.shard, [one]);
  }
  const chosen: Held[] = [];
  // Shards with one holder have no choice; the others choose with an eye on them.
  for (const choices of [...byShard.values()].sort((a, b) => a.length - b.length)) {
    const beside = chosen.map(({ partner }) => placementPartner(partner!));
    const [best] = choices
      .map((one) => ({ one, breach: placementBreach([...beside, placementPartner(one.partner!)], code) }))
      .sort(
        (a, b) => a.breach - b.breach || a.one.partner!.odds.lossPerYear - b.one.partner!.odds.lossPerYear,
      );
    if (best) chosen.push(best.one);
  }
  return chosen;
}
