import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCode, totalShards, validateCode } from '../../../src/core/erasure/codes.ts';
import { assignShards } from '../../../src/core/placement/assign.ts';
import type { PlacementPartner } from '../../../src/core/placement/domains.ts';
import {
  TARGET_LOSS_PER_YEAR,
  packLossPerYear,
  restorableNow,
} from '../../../src/core/placement/durability.ts';
import { PLANNING_MARGIN, SHARDS_MAX, planCode } from '../../../src/core/placement/plan.ts';
import { priorOdds } from '../../../src/core/placement/priors.ts';
import { alike } from './samples.ts';

const classes = ['tab', 'installed', 'appliance'] as const;

const here = (partners: readonly PlacementPartner[], count: number): ReadonlySet<string> =>
  new Set(partners.slice(0, count).map(({ id }) => id));

describe('the code for new packs', () => {
  it('of few equal partners is a copy, two copies, 2+1, 2+2, 3+2, 3+3', () => {
    for (const storageClass of classes) {
      const codes = [1, 2, 3, 4, 5, 6].map((count) => formatCode(planCode(alike(count, storageClass)).code));
      expect(codes).toEqual([
        'stripe:1',
        'mirror:2',
        'parity:2+1',
        'reed-solomon:2+2',
        'reed-solomon:3+2',
        'reed-solomon:3+3',
      ]);
    }
  });

  it('says how many partners it would take, and that many reach the target', () => {
    for (const storageClass of classes) {
      const plan = planCode(alike(4, storageClass));
      expect(plan.meetsTarget).toBe(false);
      const [risk] = plan.risks;
      if (risk?.kind !== 'too-few-partners') throw new Error(`unexpected ${JSON.stringify(risk)}`);
      expect(risk.partners).toBe(4);
      expect(planCode(alike(risk.wanted, storageClass)).meetsTarget).toBe(true);
      expect(planCode(alike(risk.wanted - 1, storageClass)).meetsTarget).toBe(false);
    }
  });

  it('is the cheapest of all codes that meet the target with the margin', () => {
    for (const count of [20, 24, 33]) {
      const partners = alike(count, 'appliance');
      const plan = planCode(partners);
      expect(plan.meetsTarget).toBe(true);
      expect(plan.risks).toEqual([]);
      for (let n = 2; n <= Math.min(count, SHARDS_MAX); n++) {
        for (let m = Math.ceil(n / 2); m < n; m++) {
          const loss = packLossPerYear(
            partners.slice(0, n).map(({ odds }) => odds),
            m,
          );
          const better = n / m < plan.overhead || (n / m === plan.overhead && n < totalShards(plan.code));
          if (better) expect(loss).toBeGreaterThan(TARGET_LOSS_PER_YEAR / PLANNING_MARGIN);
        }
      }
    }
  });

  it('meets the target where the margin is out of reach', () => {
    const plan = planCode(alike(14, 'appliance'));
    expect(plan.overhead).toBe(2);
    expect(plan.lossPerYear).toBeGreaterThan(TARGET_LOSS_PER_YEAR / PLANNING_MARGIN);
    expect(plan.lossPerYear).toBeLessThanOrEqual(TARGET_LOSS_PER_YEAR);
    expect(plan).toMatchObject({ meetsTarget: true, risks: [] });
  });

  it('is a valid one of overhead up to 2, with the figures of a pack that it would make', () => {
    const partner = fc.record({
      availability: fc.double({ min: 0, max: 1, noNaN: true }),
      lossPerYear: fc.oneof(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.01, noNaN: true }),
      ),
      family: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(partner, { minLength: 2, maxLength: 24 }), (list) => {
        const partners = list.map(({ availability, lossPerYear, family }, i) => ({
          id: `device-${i}`,
          odds: { availability, lossPerYear },
          domains: [`account:${i}`, `family:${family}`],
          exempt: false,
        }));
        const plan = planCode(partners);
        const n = totalShards(validateCode(plan.code));
        expect(plan.overhead).toBe(n / plan.code.m);
        expect(plan.overhead).toBeLessThanOrEqual(2);
        expect(plan.code.k).toBeGreaterThanOrEqual(1);
        expect(n).toBeLessThanOrEqual(Math.min(partners.length, SHARDS_MAX));
        expect(plan.risks.some(({ kind }) => kind === 'too-few-partners')).toBe(!plan.meetsTarget);
        const held = assignShards(partners, plan.code, 0).chosen.map(({ odds }) => odds);
        expect(packLossPerYear(held, plan.code.m)).toBeLessThanOrEqual(plan.lossPerYear * (1 + 1e-9));
        expect(restorableNow(held, plan.code.m)).toBeGreaterThanOrEqual(plan.restorableNow - 1e-12);
      }),
    );
  });

  it('leaves out one of five where that keeps a family from taking a pack along', () => {
    const partners = alike(5).map((partner, i): PlacementPartner => ({
      ...partner,
      domains: [...partner.domains, i < 3 ? 'family:chromium' : 'family:firefox'],
    }));
    expect(formatCode(planCode(partners).code)).toBe('reed-solomon:2+2');
  });

  it('pays for more parity when a family could take a pack along otherwise', () => {
    const partners = alike(20, 'appliance').map((partner, i): PlacementPartner => ({
      ...partner,
      domains: [...partner.domains, `family:${i % 4}`],
    }));
    const apart = planCode(alike(20, 'appliance'));
    const plan = planCode(partners);
    expect(apart.overhead).toBeLessThan(plan.overhead);
    expect(plan.meetsTarget).toBe(true);
    expect(plan.risks).toEqual([]);
  });

  it('names the family that all partners share', () => {
    const partners = alike(12, 'appliance').map((partner) => ({
      ...partner,
      domains: [...partner.domains, 'family:chromium'],
    }));
    const { code, risks } = planCode(partners);
    expect(risks).toEqual([
      {
        kind: 'domain',
        domain: 'family:chromium',
        shards: totalShards(code),
        cap: Math.floor(code.k / 2),
      },
    ]);
  });

  it('has more parity for a stricter target and for a longer window', () => {
    const partners = alike(20, 'appliance');
    const usual = planCode(partners).overhead;
    expect(planCode(partners, { targetLossPerYear: 1e-8 }).overhead).toBeGreaterThan(usual);
    expect(planCode(partners, { windowDays: 32 }).overhead).toBeGreaterThan(usual);
  });

  it('falls back to the widest when every partner is sure to fail', () => {
    const doomed = alike(5).map((partner) => ({ ...partner, odds: { availability: 0, lossPerYear: 1 } }));
    expect(planCode(doomed)).toMatchObject({ code: { m: 3, k: 2 }, lossPerYear: 1, restorableNow: 0 });
  });

  it('bears as much on those in reach as one for them alone, and loses no more than that of all where overhead 3 allows', () => {
    for (const storageClass of classes) {
      const partners = alike(40, storageClass);
      const whole = planCode(partners);
      for (let count = 1; count <= 40; count++) {
        const alone = planCode(partners.slice(0, count)).code;
        const { code, overhead, lossPerYear } = planCode(partners, { inReach: here(partners, count) });
        expect(code.m).toBeLessThanOrEqual(alone.m);
        expect(overhead).toBeLessThanOrEqual(3);
        if (whole.code.m <= alone.m) expect(code).toEqual(whole.code);
        const bound = Math.max(whole.lossPerYear, TARGET_LOSS_PER_YEAR / PLANNING_MARGIN);
        if (lossPerYear > bound) expect(overhead).toBeGreaterThan(2.5);
      }
      expect(
        [1, 2, 3].map((count) => formatCode(planCode(partners, { inReach: here(partners, count) }).code)),
      ).toEqual(['mirror:3', 'mirror:3', 'reed-solomon:2+4']);
    }
  });

  it('outlives on those in reach any family that one for them alone outlives', () => {
    for (const [count, alikeOnes] of [
      [3, 2],
      [5, 3],
      [6, 3],
      [7, 4],
      [8, 4],
    ] as const) {
      const partners = alike(30, 'installed').map((partner, i) => ({
        ...partner,
        domains: [...partner.domains, i < alikeOnes ? 'family:one' : `family:${i}`],
      }));
      const alone = planCode(partners.slice(0, count));
      const outlives = alone.risks.every(
        (risk) => risk.kind === 'too-few-partners' || risk.shards <= alone.code.k,
      );
      const { code } = planCode(partners, { inReach: here(partners, count) });
      if (outlives) expect(count - alikeOnes, `${alikeOnes} of ${count}`).toBeGreaterThanOrEqual(code.m);
    }
  });

  it('is not there without a partner', () => {
    expect(() => planCode([])).toThrow(expect.objectContaining({ fault: 'too-few' }));
  });

  it('reports one copy as what it is', () => {
    const { lossPerYear } = priorOdds('tab');
    const plan = planCode(alike(1, 'tab'));
    expect(plan.lossPerYear).toBeCloseTo(lossPerYear, 12);
    expect(plan).toMatchObject({ restorableNow: 0.35, overhead: 1, meetsTarget: false });
  });
});
