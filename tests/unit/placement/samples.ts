import type { PlacementPartner } from '../../../src/core/placement/domains.ts';
import { priorOdds } from '../../../src/core/placement/priors.ts';
import type { StorageClass } from '../../../src/core/placement/priors.ts';

/** Partners of one class that share nothing. */
export function alike(count: number, storageClass: StorageClass = 'installed'): PlacementPartner[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `device-${i}`,
    odds: priorOdds(storageClass),
    domains: [`account:${i}`],
    exempt: false,
  }));
}

/** One partner for each list of domains. */
export function withDomains(...lists: readonly (readonly string[])[]): PlacementPartner[] {
  return alike(lists.length).map((partner, i) => ({ ...partner, domains: lists[i] ?? [] }));
}

/** All ways to choose `count` of 0 … n - 1. */
export function* choices(n: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - count; first++) {
    for (const rest of choices(n, count - 1, first + 1)) yield [first, ...rest];
  }
}
