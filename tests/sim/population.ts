import type { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { StorageClass } from '../../src/ports/blob-store.ts';

export type DeviceKind = 'browser' | 'desktop' | 'appliance';

/**
 * How a device goes off. Most computers and phones sleep: the program stays as it is and the network is gone. Tabs are closed, and
 * now and then something ends without a word.
 */
export type WayOff = 'sleep' | 'stop' | 'crash';

/** A place in the cooperative: whoever leaves it is followed by a newcomer with the same kind of device and habits. */
export interface Profile {
  readonly slot: number;
  readonly kind: DeviceKind;
  /** share of the time it is on */
  readonly online: number;
  /** chance a year that all its data is lost */
  readonly lossPerYear: number;
  readonly family: string;
  readonly system: string;
  /** minutes east of UTC */
  readonly zone: number;
  readonly neighbourhood: string;
  readonly storageClass: StorageClass;
  readonly persisted: boolean;
  /** hour of the local day at which it usually goes on */
  readonly wakesAt: number;
}

/** Churn as in the literature on peer-to-peer storage (docs: design 6-trust). */
const KINDS: Readonly<Record<DeviceKind, { share: number; online: number; lossPerYear: number }>> = {
  browser: { share: 0.6, online: 0.35, lossPerYear: 0.25 },
  desktop: { share: 0.3, online: 0.65, lossPerYear: 0.08 },
  appliance: { share: 0.1, online: 0.97, lossPerYear: 0.02 },
};

/** Shares of the zones, minutes east of UTC: the Americas, Europe, Asia. */
const ZONES: readonly (readonly [minutes: number, share: number])[] = [
  [-480, 0.1],
  [-300, 0.2],
  [0, 0.15],
  [60, 0.35],
  [330, 0.1],
  [540, 0.1],
];

const BROWSERS: readonly (readonly [family: string, share: number])[] = [
  ['chromium', 0.65],
  ['firefox', 0.2],
  ['webkit', 0.15],
];

/** Devices behind one address, on average. */
const PER_NEIGHBOURHOOD = 2;

function pick<T>(random: SeededRandom, shares: readonly (readonly [T, number])[]): T {
  let left = random.fraction();
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  return shares[0]![0];
}

/** The kind of a slot: the shares hold for every ten slots in a row, and the first, the founder's, is an appliance. */
function kindOf(slot: number): DeviceKind {
  const place = slot % 10;
  if (place === 0) return 'appliance';
  return place % 3 === 0 ? 'desktop' : 'browser';
}

/** The places of a cooperative, from its seed. */
export function makeProfiles(devices: number, random: SeededRandom): readonly Profile[] {
  const neighbourhoods = Math.max(2, Math.ceil(devices / PER_NEIGHBOURHOOD));
  return Array.from({ length: devices }, (_, slot) => {
    const chance = random.fork(`profile/${slot}`);
    const kind = kindOf(slot);
    const { online, lossPerYear } = KINDS[kind];
    const family = kind === 'appliance' ? 'nodejs' : pick(chance, BROWSERS);
    return {
      slot,
      kind,
      online,
      lossPerYear,
      family,
      system: kind === 'appliance' ? 'linux' : family === 'webkit' ? 'macos' : 'windows',
      zone: pick(chance, ZONES),
      neighbourhood: `net-${chance.below(neighbourhoods)}`,
      storageClass: kind === 'browser' ? 'tab' : kind === 'desktop' ? 'installed' : 'appliance',
      persisted: kind !== 'browser',
      wakesAt: 6 + 4 * chance.fraction(),
    };
  });
}
