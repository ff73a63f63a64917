import { describe, expect, it } from 'vitest';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';
import { packLossPerYear, restorableNow } from '../../../src/core/placement/durability.ts';
import { priorOdds } from '../../../src/core/placement/priors.ts';
import { REPAIR_TRIGGER_FACTOR, needsRepair, packStanding } from '../../../src/core/placement/standing.ts';

const usual = priorOdds('installed');
/** Silent for some days: comes back two times of three, 0.33 lost within the window of 16 days. */
const silent: HolderOdds = { availability: 0.1, lossPerYear: 1 - 0.67 ** (365 / 16) };
const held = (count: number, odds = usual): HolderOdds[] => new Array<HolderOdds>(count).fill(odds);

describe('how a pack stands', () => {
  it('is told by the odds of the holders it has', () => {
    const holders = [...held(4), silent];
    const standing = packStanding(holders, 3);
    expect(standing.lossPerYear).toBe(packLossPerYear(holders, 3));
    expect(standing.restorableNow).toBe(restorableNow(holders, 3));
    expect(standing.lossWithin).toBeLessThan(standing.lossPerYear);
    expect(standing.spare).toBe(2);
    expect(packStanding(held(2), 3)).toEqual({ lossPerYear: 1, lossWithin: 1, restorableNow: 0, spare: -1 });
  });
});

describe('a repair', () => {
  const codes = [
    { m: 3, n: 6 },
    { m: 5, n: 10 },
    { m: 9, n: 15 },
    { m: 13, n: 20 },
  ];

  it.each(codes)('waits while all of $m of $n are well', ({ m, n }) => {
    const whole = packStanding(held(n), m);
    expect(needsRepair(whole, whole)).toBe(false);
  });

  it.each(codes)('waits for one silent holder of $m of $n, not for two', ({ m, n }) => {
    const whole = packStanding(held(n), m);
    expect(needsRepair(packStanding([...held(n - 1), silent], m), whole)).toBe(false);
    expect(needsRepair(packStanding([...held(n - 2), silent, silent], m), whole)).toBe(true);
  });

  it.each(codes)('begins when one holder of $m of $n is gone for sure', ({ m, n }) => {
    const whole = packStanding(held(n), m);
    expect(needsRepair(packStanding(held(n - 1), m), whole)).toBe(true);
  });

  it('waits while a pack is safer than asked for, however much was lost of its safety', () => {
    const lasting = { availability: 0.97, lossPerYear: 0.001 };
    const whole = packStanding(held(12, lasting), 4);
    const now = packStanding(held(9, lasting), 4);
    expect(now.lossWithin).toBeGreaterThan(REPAIR_TRIGGER_FACTOR * whole.lossWithin);
    expect(needsRepair(now, whole)).toBe(false);
    expect(needsRepair(now, whole, { targetLossPerYear: 1e-30 })).toBe(true);
  });

  it('begins whatever the odds when more than half of the parity is gone', () => {
    const lasting = { availability: 1, lossPerYear: 0 };
    const whole = packStanding(held(12, lasting), 4);
    expect(needsRepair(packStanding(held(8, lasting), 4), whole)).toBe(false);
    expect(needsRepair(packStanding(held(7, lasting), 4), whole)).toBe(true);
    const hopeless = { availability: 1, lossPerYear: 0.999_999 };
    expect(needsRepair(packStanding(held(1, hopeless), 1), packStanding(held(2, hopeless), 1))).toBe(true);
  });

  it('is wanted once a pack has fewer holders than it takes', () => {
    expect(needsRepair(packStanding(held(0), 1), packStanding(held(1), 1))).toBe(true);
  });
});
