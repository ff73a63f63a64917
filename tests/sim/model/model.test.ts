import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { survivalWithin } from '../../../src/core/placement/durability.ts';
import { probabilityBelow } from '../../../src/core/placement/poisson-binomial.ts';
import { modelArguments } from './arguments.ts';
import { compare } from './compare.ts';
import { EventHeap } from './event-heap.ts';
import { Durations, Figures, poissonUpperBound } from './figures.ts';
import { modelOptions } from './options.ts';
import { AVAILABILITY } from './population.ts';
import { Presence } from './presence.ts';
import { runModel } from './run.ts';
import { SCENARIOS, isScenario } from './scenarios.ts';
import { Simulation } from './simulation.ts';
import { modelTable } from './table.ts';

describe('the model of placement, churn and repair', () => {
  it('gives the same figures for the same seed, and others for another', () => {
    const options = { scenario: 'churn', devices: 100, days: 100 } as const;
    const { figures } = runModel(options);
    expect(runModel(options).figures).toEqual(figures);
    expect(runModel({ ...options, firstSeed: 2 }).figures).not.toEqual(figures);
    expect(figures.objectYears).toBeGreaterThan(100 * 4 * 0.25);
  });

  it('repairs nothing where nobody leaves and no disk fails', () => {
    // Servers are down at times: this code is safe enough to wait for them.
    const { figures } = runModel({
      scenario: 'calm',
      devices: 150,
      days: 365,
      code: parseCode('reed-solomon:6+12'),
    });
    expect(figures).toMatchObject({
      losses: 0,
      repairBytes: 0,
      belowNShare: 0,
      departures: 0,
      dataLosses: 0,
    });
  });

  it.each(['reed-solomon:2+1', 'reed-solomon:4+4'])(
    'loses without repair what the binomial tail says: %s',
    (text) => {
      const code = parseCode(text);
      const dataLossPerYear = 0.99;
      const days = 73;
      const devices = 2000;
      const seeds = 4;
      const { figures } = runModel({
        scenario: 'calm',
        devices,
        days,
        seeds,
        packs: 1,
        partners: 24,
        repair: 'none',
        dataLossPerYear,
        code,
      });
      const survival = survivalWithin({ availability: 1, lossPerYear: dataLossPerYear }, days);
      const expected = probabilityBelow(new Array<number>(code.m + code.k).fill(survival), code.m);
      const objects = devices * seeds;
      // Packs share holders, each with n of them on the mean: that widens the spread by the root of n at most.
      const deviation = Math.sqrt((expected * (1 - expected) * (code.m + code.k)) / objects);
      expect(Math.abs(figures.losses / objects - expected)).toBeLessThan(4 * deviation);
      expect(figures.losses).toBeGreaterThan(50);
    },
  );

  it('loses nothing when the largest browser family is wiped with domain caps, and much without', () => {
    const options = { scenario: 'family-wipe', devices: 300, days: 40 } as const;
    expect(runModel(options).figures.losses).toBe(0);
    expect(runModel({ ...options, placement: 'random' }).figures.losses).toBeGreaterThan(10);
  });

  it('loses nothing when a region is cut off for a week, and is whole two days after faults stop', () => {
    const { figures } = runModel({ scenario: 'region-outage', devices: 300, days: 60 });
    expect(figures).toMatchObject({ losses: 0, neverSettled: 0 });
    expect(figures.settledHours.max).toBeLessThanOrEqual(48);
  });

  it.each(['churn', 'stress', 'eviction-wave', 'lifetime-1'] as const)(
    'counts every piece once, and never two of a pack with one holder: %s',
    (scenario) => {
      const figures = new Figures();
      const simulation = new Simulation(
        modelOptions({ scenario, devices: 120, days: 90, delegates: 0.5 }),
        3,
        figures,
      );
      simulation.run((day) => {
        if (day % 5 === 0) simulation.check();
      });
      expect(figures.pieces).toBeGreaterThan(0);
      expect(figures.belowHours).toBeLessThan(figures.objectHours);
    },
  );

  it('moves more bytes the shorter members stay', () => {
    const traffic = (['lifetime-12', 'lifetime-6', 'lifetime-1'] as const).map(
      (scenario) => runModel({ scenario, devices: 100, days: 120 }).figures.repairPerByteMonth,
    );
    expect(traffic).toEqual(traffic.toSorted((a, b) => a - b));
  });
});

describe('parts of the model', () => {
  it('takes events in order of time', () => {
    const random = new SeededRandom('heap');
    const heap = new EventHeap();
    const times = Array.from({ length: 5000 }, () => random.fraction());
    for (const [i, time] of times.entries()) heap.push(time, 1, i, 2);
    const taken: number[] = [];
    while (heap.pop()) {
      expect(times[heap.subject]).toBe(heap.time);
      taken.push(heap.time);
    }
    expect(taken).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each([0, 1, 2])('keeps devices of class %i online for their share of the time', (storageClass) => {
    const presence = new Presence(new SeededRandom(`presence ${storageClass}`));
    let now = 0;
    let online = 0;
    for (let session = 0; session < 30_000; session++) {
      presence.draw(storageClass, 2, 1, now);
      online += presence.until - presence.from;
      now = presence.until;
    }
    expect(Math.abs(online / now - AVAILABILITY[storageClass]!)).toBeLessThan(0.02);
  });

  it('bounds what was seen: 3/N for no loss, exact beyond', () => {
    expect(poissonUpperBound(0)).toBeCloseTo(2.996, 3);
    expect(poissonUpperBound(1)).toBeCloseTo(4.744, 3);
    expect(poissonUpperBound(10)).toBeCloseTo(16.962, 3);
  });

  it('summarises durations', () => {
    const durations = new Durations();
    for (let hours = 1; hours <= 100; hours++) durations.add(hours);
    expect(durations.summary()).toEqual({ count: 100, mean: 50.5, p99: 99.25, max: 100 });
  });

  it('reads a command line and prints every scenario', () => {
    const { runs } = modelArguments([
      '--scenario',
      'all',
      '--devices',
      '100',
      '--years',
      '0.1',
      '--delegates',
      '1',
    ]);
    expect(runs.map(({ scenario }) => scenario)).toEqual(Object.keys(SCENARIOS).filter(isScenario));
    expect(runs[0]).toEqual({
      scenario: 'calm',
      devices: 100,
      days: 36.5,
      delegates: 1,
      placement: 'domains',
      repair: 'at-once',
    });
    expect(modelTable(runModel({ scenario: 'lifetime-1', devices: 100, days: 10 }))).toContain('9.36');
    expect(() => modelArguments(['--scenario', 'war'])).toThrow('got "war"');
    expect(() => modelArguments(['--seeds', 'x'])).toThrow('--seeds must be a number');
  });

  it('puts figures of the agent and of the model side by side', () => {
    const result = runModel({ scenario: 'churn', devices: 100, days: 30 });
    const agent = { losses: 0, objectYears: 40, incompleteYears: 4, repairBytes: 80, objectBytes: 1 };
    const rows = compare(agent, result);
    expect(rows.map(({ figure }) => figure)).toEqual([
      'losses per object-year',
      'share of time below n',
      'repair writes per object-year',
    ]);
    expect(rows[1]).toMatchObject({ agent: 0.1, model: result.figures.belowNShare });
    expect(rows[2]!.agent).toBe(2);
  });
});
