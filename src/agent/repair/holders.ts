import type { HolderOdds } from '../../core/placement/durability.ts';
import { lossRatio, priorOdds, storageClassOf, suspectOdds } from '../../core/placement/priors.ts';
import type { AgreementId, DeviceId } from '../../core/ids.ts';
import type { Cooperation, Partner } from '../network/types.ts';
import { takers } from '../placement.ts';
import type { Placement } from '../repository/records.ts';

/**
 * What a placement is worth: 'good' and 'suspect' last, with their odds; 'leaving' can be read but will not last; 'gone' was lost, left,
 * evicted or reneged past its grace; 'unknown' has no agreement here any more, so that nothing is proved either way.
 */
export type Hold = 'good' | 'suspect' | 'leaving' | 'gone' | 'unknown';

export interface Held {
  readonly placement: Placement;
  readonly hold: Hold;
  /** undefined only for 'unknown'; a suspect has the odds that silence means here */
  readonly partner: Partner | undefined;
  /** under an agreement of another device of the account */
  readonly adopted: boolean;
}

/** The holders as they stand at one moment, to look up whole indexes in. */
export class HolderBook {
  readonly #own = new Map<DeviceId, Partner>();
  readonly #adopted = new Map<DeviceId, Partner>();
  readonly #adoptedAgreements = new Map<AgreementId, boolean>();
  readonly #online: ReadonlySet<DeviceId>;
  /** whether every partner that is not through with us is online: then what no ledger names is nowhere */
  readonly allHeard: boolean;
  /** odds of a partner as ours are on the mean: what a shard that is missing would have if it were remade */
  readonly typical: HolderOdds;
  /** how much oftener partners are lost here than assumed */
  readonly #lossRatio: number;

  constructor(cooperation: Cooperation) {
    const partners = cooperation.partners();
    for (const partner of partners)
      (partner.adopted ? this.#adopted : this.#own).set(partner.device, partner);
    for (const { agreement, adopted } of cooperation.ledgers())
      this.#adoptedAgreements.set(agreement, adopted);
    this.#online = new Set([
      ...cooperation.connected().map(({ peer }) => peer.device),
      ...partners.flatMap(({ device, online }) => (online ? [device] : [])),
    ]);
    this.allHeard = partners.every(
      (partner) => holdOf(partner) === 'gone' || this.#online.has(partner.device),
    );
    const good = takers(partners);
    this.typical = meanOdds(good);
    this.#lossRatio = lossRatio(
      good.map(({ odds, storageClass }) => ({ odds, storageClass: storageClassOf(storageClass) })),
    );
  }

  isOnline(device: DeviceId): boolean {
    return this.#online.has(device);
  }

  look(placement: Placement): Held {
    const { holder, agreement } = placement;
    const adopted = this.#adoptedAgreements.get(agreement);
    if (adopted === undefined) return { placement, hold: 'unknown', partner: undefined, adopted: false };
    // What we know of the device by our own dealings with it holds for the other's agreement, too.
    const partner = (adopted ? this.#adopted : this.#own).get(holder);
    if (partner === undefined) return { placement, hold: 'unknown', partner, adopted };
    const hold = holdOf(partner);
    if (hold !== 'suspect') return { placement, hold, partner, adopted };
    const odds = suspectOdds(partner.odds, this.#lossRatio);
    return { placement, hold, partner: { ...partner, odds }, adopted };
  }
}

function holdOf({ state }: Partner): Hold {
  switch (state) {
    case 'active':
    case 'candidate':
    case 'negotiating':
      return 'good';
    case 'suspect':
      return 'suspect';
    case 'leaving':
      return 'leaving';
    case 'reneged':
    case 'evicted':
    case 'departed':
      return 'gone';
    default:
      return state satisfies never;
  }
}

function meanOdds(partners: readonly Partner[]): HolderOdds {
  if (partners.length === 0) return priorOdds('tab');
  const mean = (of: (odds: HolderOdds) => number): number =>
    partners.reduce((sum, { odds }) => sum + of(odds), 0) / partners.length;
  return { availability: mean((odds) => odds.availability), lossPerYear: mean((odds) => odds.lossPerYear) };
}
