import type { Code } from '../erasure/codes.ts';
import type { HolderOdds } from './durability.ts';

/** A partner as placement sees it. */
export interface PlacementPartner {
  readonly id: string;
  readonly odds: HolderOdds;
  /** what it shares with others that may fail at once: `account:…`, `family:…`, `place:…`, `inviter:…`, `computer:` */
  readonly domains: readonly string[];
  /** an appliance: the caps of family and place do not hold for it */
  readonly exempt: boolean;
}

/** A domain that holds more of a pack's shards than its cap. */
export interface DomainRisk {
  /** 'account' for domains `account:…`, 'domain' for all others */
  readonly kind: 'domain' | 'account';
  readonly domain: string;
  readonly shards: number;
  readonly cap: number;
}

/** Shards of one pack that a domain may hold: with half of the parity each, two domains may fail at once. */
export function domainCap(k: number): number {
  return Math.max(1, Math.floor(k / 2));
}

/** Accounts never share a pack where there are enough of them: who leaves takes all devices along. */
export const ACCOUNT_CAP = 1;
/** One account too many outweighs all that other domains can amount to with 24 shards of a few domains each. */
export const ACCOUNT_WEIGHT = 10_000;

/** Anybody can call a device an appliance, so whoever lets in many of them is not believed more. */
const EXEMPTABLE = ['family:', 'place:'];

export function isAccount(domain: string): boolean {
  return domain.startsWith('account:');
}

/** The domains whose caps count for this partner, each once. */
export function cappedDomains(partner: PlacementPartner): readonly string[] {
  const domains = [...new Set(partner.domains)];
  if (!partner.exempt) return domains;
  return domains.filter((domain) => !EXEMPTABLE.some((prefix) => domain.startsWith(prefix)));
}

/** The caps that a pack with these holders breaks, the worst first. */
export function placementRisks(holders: readonly PlacementPartner[], code: Code): readonly DomainRisk[] {
  const shards = new Map<string, number>();
  for (const holder of holders) {
    for (const domain of cappedDomains(holder)) shards.set(domain, (shards.get(domain) ?? 0) + 1);
  }
  const risks: DomainRisk[] = [];
  for (const [domain, count] of shards) {
    const account = isAccount(domain);
    const cap = account ? ACCOUNT_CAP : domainCap(code.k);
    if (count > cap) risks.push({ kind: account ? 'account' : 'domain', domain, shards: count, cap });
  }
  return risks.sort((a, b) => b.shards - b.cap - (a.shards - a.cap) || (a.domain < b.domain ? -1 : 1));
}

/** How far the holders of a pack are from keeping all caps: 0 when they do. What `assignShards` makes smallest. */
export function placementBreach(holders: readonly PlacementPartner[], code: Code): number {
  let breach = 0;
  for (const { kind, shards, cap } of placementRisks(holders, code)) {
    breach += (kind === 'account' ? ACCOUNT_WEIGHT : 1) * (shards - cap) ** 2;
  }
  return breach;
}
