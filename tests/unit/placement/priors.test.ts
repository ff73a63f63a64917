import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPAIR_WINDOW_DAYS, perYear, survivalWithin } from '../../../src/core/placement/durability.ts';
import {
  MEAN_MEMBERSHIP_DAYS,
  ORDERLY_DEPARTURES,
  blendOdds,
  lossRatio,
  priorOdds,
  silentDeparturesPerYear,
  storageClassOf,
  suspectOdds,
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

describe('how often partners go without a word', () => {
  it('is assumed to be once in two years, and seldomer never', () => {
    expect(silentDeparturesPerYear(0, 0)).toBeCloseTo(0.5, 12);
    expect(silentDeparturesPerYear(0, 3650 * DAY_MS)).toBeCloseTo(0.5, 12);
    expect(silentDeparturesPerYear(0, NaN)).toBeCloseTo(0.5, 12);
  });

  it('is learned: where members stay three months, two months with 24 partners are enough', () => {
    const days = 24 * 60;
    const going = Math.round((days / 91) * (1 - ORDERLY_DEPARTURES));
    const learned = silentDeparturesPerYear(going, days * DAY_MS);
    expect(learned).toBeGreaterThan(0.7 * (365 / 91) * (1 - ORDERLY_DEPARTURES));
    expect(priorOdds('appliance', learned).lossPerYear).toBeGreaterThan(0.7);
  });

  it('makes the loss of every class likelier, and nothing else', () => {
    for (const storageClass of ['tab', 'installed', 'appliance'] as const) {
      const usual = priorOdds(storageClass);
      const restless = priorOdds(storageClass, 2);
      expect(restless.availability).toBe(usual.availability);
      expect(restless.lossPerYear).toBeGreaterThan(usual.lossPerYear);
      expect(restless.lossPerYear).toBeLessThan(1);
    }
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

describe('how much oftener partners are lost than assumed', () => {
  const partner = (storageClass: 'tab' | 'installed' | 'appliance', departures?: number) => ({
    storageClass,
    odds: priorOdds(storageClass, departures),
  });

  it('is once while nothing was seen, and never seldomer', () => {
    expect(lossRatio([])).toBe(1);
    expect(lossRatio([partner('tab'), partner('installed'), partner('appliance')])).toBe(1);
    expect(lossRatio([{ storageClass: 'tab', odds: { availability: 1, lossPerYear: 0 } }])).toBe(1);
  });

  it('is that of departures where these are what loses', () => {
    const usual = -Math.log1p(-0.02) + 0.5;
    const restless = -Math.log1p(-0.02) + 6;
    expect(lossRatio([partner('appliance', 6)])).toBeCloseTo(restless / usual, 9);
  });

  it('heeds no single partner, not even one that is lost for sure', () => {
    const lost = { storageClass: 'installed', odds: { availability: 0, lossPerYear: 1 } } as const;
    expect(lossRatio([partner('installed'), partner('tab'), lost])).toBe(1);
    expect(lossRatio([lost])).toBe(1);
  });
});

describe('a suspect', () => {
  it('is lost with so much greater odds, whatever they were', () => {
    const chance = fc.double({ min: 1e-6, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(chance, fc.double({ min: 1, max: 10, noNaN: true }), (gone, ratio) => {
        const odds = { availability: 0.3, lossPerYear: perYear(gone, REPAIR_WINDOW_DAYS) };
        const kept = survivalWithin(odds, REPAIR_WINDOW_DAYS);
        const then = survivalWithin(suspectOdds(odds, ratio), REPAIR_WINDOW_DAYS);
        expect((1 - then) / then / ((1 - kept) / kept)).toBeCloseTo(ratio, 2);
      }),
    );
  });

  it('that is lost, or safe, for sure remains so', () => {
    for (const lossPerYear of [0, 1])
      expect(suspectOdds({ availability: 0.3, lossPerYear }, 5)).toEqual({ availability: 0.3, lossPerYear });
  });
});
