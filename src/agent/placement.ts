import type { Code } from '../core/erasure/codes.ts';
import { placementBreach } from '../core/placement/domains.ts';
import type { PlacementPartner } from '../core/placement/domains.ts';
import type { Partner } from './network/types.ts';

/** A partner as placement sees it. */
export function placementPartner({ device, odds, domains, exempt }: Partner): PlacementPartner {
  return { id: device, odds, domains, exempt };
}

/** Partners that may get new pieces, each device once: in good standing, under an agreement of this very device. */
export function takers(partners: readonly Partner[]): readonly Partner[] {
  const seen = new Set<string>();
  return partners.filter(({ device, state, adopted }) => {
    if (state !== 'active' || adopted || seen.has(device)) return false;
    seen.add(device);
    return true;
  });
}

/** The candidates for one more shard beside these holders, the best first: least breach of caps, then longest lasting, then as they came. */
export function rankTakers(
  candidates: readonly Partner[],
  beside: readonly PlacementPartner[],
  code: Code,
): readonly Partner[] {
  return candidates
    .map((partner) => ({
      partner,
      breach: placementBreach([...beside, placementPartner(partner)], code),
      lasting: lastingClass(partner),
    }))
    .sort((a, b) => a.breach - b.breach || a.lasting - b.lasting)
    .map(({ partner }) => partner);
}

/** Odds within a factor of two are alike, so that the best of all is not filled alone. */
function lastingClass({ odds }: Partner): number {
  return Math.round(Math.log2(Math.max(odds.lossPerYear, Number.MIN_VALUE)));
}
