import { describe, expect, it } from 'vitest';
import { partnersLacking, strangersWanted } from '../../../src/agent/network/partnering.ts';
import type { Partner } from '../../../src/agent/network/types.ts';
import { planCode } from '../../../src/core/placement/plan.ts';
import type { StorageClass } from '../../../src/core/placement/priors.ts';
import { alike } from '../placement/samples.ts';

/** Partners of one kind, as far as the search for more looks at them. */
function partners(count: number, storageClass: StorageClass): readonly Partner[] {
  return alike(count, storageClass).map(({ id, ...rest }) => ({ device: id, ...rest }) as unknown as Partner);
}

describe('how many partners are looked for', () => {
  it('is as many as make packs as safe as they are to be', () => {
    for (const storageClass of ['tab', 'installed', 'appliance'] as const) {
      let there = 6;
      for (let rounds = 0; rounds < 20; rounds++) {
        const lacking = partnersLacking(partners(there, storageClass), 0);
        if (lacking <= 0) break;
        there += lacking;
      }
      expect(there).toBeGreaterThan(6);
      expect(there).toBeLessThanOrEqual(20);
      expect(planCode(alike(there, storageClass)).meetsTarget).toBe(true);
      expect(planCode(alike(there - 1, storageClass)).meetsTarget, `fewer than ${there}`).toBe(false);
    }
  });

  it('is not more than the longest code has shards, however bad partners are', () => {
    const bad = partners(20, 'tab').map((partner) => ({
      ...partner,
      odds: { availability: 0.1, lossPerYear: 0.999 },
    }));
    expect(planCode(alike(20).map((one) => ({ ...one, odds: bad[0]!.odds }))).meetsTarget).toBe(false);
    expect(partnersLacking(bad, 0)).toBe(0);
  });

  it('is as many as the widest pack needs, whatever new ones need', () => {
    expect(partnersLacking([], 7)).toBe(7);
    expect(partnersLacking(partners(3, 'appliance'), 19)).toBe(16);
  });

  it('is fewer where they are seldom away', () => {
    const wanted = (availability: number): number =>
      strangersWanted(
        Array.from({ length: 6 }, () => ({ availability, inReach: true })),
        0,
      );
    expect(wanted(0.97)).toBe(1);
    expect(wanted(0.65)).toBe(4);
    expect(wanted(0.35)).toBe(12);
    expect(wanted(0.01)).toBe(14);
  });
});
