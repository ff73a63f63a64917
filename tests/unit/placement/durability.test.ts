import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  REPAIR_WINDOW_DAYS,
  packLossPerYear,
  packLossWithin,
  perWindow,
  perYear,
  restorableNow,
  survivalWithin,
} from '../../../src/core/placement/durability.ts';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';

const odds = fc.record({
  availability: fc.double({ min: 0, max: 1, noNaN: true }),
  lossPerYear: fc.double({ min: 0, max: 1, noNaN: true }),
});
const holder = (lossPerYear: number, availability = 0.5): HolderOdds => ({ availability, lossPerYear });

describe('the chance of losing a pack', () => {
  it('of one copy is the chance of its holder, whatever the window', () => {
    for (const windowDays of [1, 16, 365]) {
      expect(packLossPerYear([holder(0.25)], 1, windowDays)).toBeCloseTo(0.25, 12);
    }
  });

  it('is the binomial of the failures of a window, and a year has many of them', () => {
    const failure = 1 - survivalWithin(holder(0.1), REPAIR_WINDOW_DAYS);
    const within = 3 * failure ** 2 * (1 - failure) + failure ** 3;
    const three = [holder(0.1), holder(0.1), holder(0.1)];
    expect(packLossWithin(three, 2)).toBeCloseTo(within, 14);
    expect(packLossPerYear(three, 2)).toBeCloseTo(1 - (1 - within) ** (365 / REPAIR_WINDOW_DAYS), 12);
  });

  it('keeps its digits where 1 - x would be 0', () => {
    const loss = packLossPerYear(new Array<HolderOdds>(16).fill(holder(0.02)), 4);
    expect(loss).toBeGreaterThan(0);
    expect(loss / packLossWithin(new Array<HolderOdds>(16).fill(holder(0.02)), 4)).toBeCloseTo(
      365 / REPAIR_WINDOW_DAYS,
      9,
    );
  });

  it('is 1 with fewer holders than m, 1 when they are sure to fail, 0 when none can', () => {
    expect(packLossPerYear([holder(0)], 2)).toBe(1);
    expect(packLossPerYear([holder(1), holder(1)], 1)).toBe(1);
    expect(packLossPerYear([holder(0), holder(0)], 2)).toBe(0);
  });

  it('never grows with one more holder, and never falls with a larger m or a worse holder', () => {
    fc.assert(
      fc.property(fc.array(odds, { minLength: 1, maxLength: 10 }), odds, fc.nat(9), (holders, more, rest) => {
        const m = 1 + (rest % holders.length);
        const loss = packLossPerYear(holders, m);
        expect(packLossPerYear([...holders, more], m)).toBeLessThanOrEqual(loss + 1e-12);
        expect(packLossPerYear(holders, m + 1)).toBeGreaterThanOrEqual(loss - 1e-12);
        expect(packLossPerYear([holder(1), ...holders.slice(1)], m)).toBeGreaterThanOrEqual(loss - 1e-12);
      }),
    );
  });

  it('is refused for odds and windows that cannot be', () => {
    expect(() => packLossPerYear([holder(1.5)], 1)).toThrow(expect.objectContaining({ fault: 'usage' }));
    expect(() => packLossPerYear([holder(Number.NaN)], 1)).toThrow(
      expect.objectContaining({ fault: 'usage' }),
    );
    expect(() => packLossPerYear([holder(0.1)], 1, 0)).toThrow(expect.objectContaining({ fault: 'usage' }));
  });

  it('of a year and of a window are each other again', () => {
    for (const yearly of [0, 1e-12, 1e-6, 0.3, 1])
      expect(perYear(perWindow(yearly, 16), 16)).toBeCloseTo(yearly, 15);
  });
});

describe('the chance that a restore works now', () => {
  it('is that of m holders being online', () => {
    const three = [holder(0, 0.5), holder(0, 0.5), holder(0, 0.5)];
    expect([0, 1, 2, 3, 4].map((m) => restorableNow(three, m))).toEqual([1, 0.875, 0.5, 0.125, 0]);
  });
});
