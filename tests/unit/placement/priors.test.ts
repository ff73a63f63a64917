import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MEAN_MEMBERSHIP_DAYS,
  ORDERLY_DEPARTURES,
  blendOdds,
  priorOdds,
  storageClassOf,
} from '../../../src/core/placement/priors.ts';

const DAY_MS = 86_400_000;

describe('the odds of a holder of which little is known', () => {
  it('are of its class: data lost, or gone without a word', () => {
    const silent = 1 - Math.exp((-365 / MEAN_MEMBERSHIP_DAYS) * (1 - ORDERLY_DEPARTURES));
    for (const [storageClass, loss, availability] of [
      ['tab', 0.25, 0.35],
      ['installed', 0.08, 0.65],
      ['appliance', 0.02, 0.97],
    ] as const) {
      const odds = priorOdds(storageClass);
      expect(odds.availability).toBe(availability);
      expect(odds.lossPerYear).toBeCloseTo(loss + silent - loss * silent, 12);
    }
  });

  it('count an unknown class as the least lasting', () => {
    expect(['tab', 'installed', 'appliance', '', 'cloud'].map(storageClassOf)).toEqual([
      'tab',
      'installed',
      'appliance',
      'tab',
      'tab',
    ]);
  });
});

describe('watching a holder', () => {
  const prior = priorOdds('tab');

  it('weighs as much as the prior after 7 days', () => {
    const week = blendOdds(prior, { observedMs: 7 * DAY_MS, onlineMs: 7 * DAY_MS });
    expect(week.availability).toBeCloseTo((prior.availability + 1) / 2, 12);
    expect(week.lossPerYear).toBe(prior.lossPerYear);
    expect(blendOdds(prior, { observedMs: 0, onlineMs: 0 })).toEqual(prior);
  });

  it('gives odds from 0 to 1 for any numbers a wrong clock may leave', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (observedMs, onlineMs) => {
        const { availability } = blendOdds(prior, { observedMs, onlineMs });
        expect(availability).toBeGreaterThanOrEqual(0);
        expect(availability).toBeLessThanOrEqual(1);
      }),
    );
  });
});
