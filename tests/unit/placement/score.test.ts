import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flatWeek } from '../../../src/core/placement/schedule.ts';
import { SCORE_WEIGHTS, isExcluded, scoreCandidate, scoreParts } from '../../../src/core/placement/score.ts';
import type {
  CandidateFacts,
  DeviceTraits,
  OurFacts,
  ScoreParts,
} from '../../../src/core/placement/score.ts';

const MIB = 1024 ** 2;

const traits: fc.Arbitrary<DeviceTraits> = fc.record({
  neighbourhood: fc.constantFrom(undefined, 'a', 'b', 'c'),
  zone: fc.integer({ min: -720, max: 840 }),
  family: fc.constantFrom('chromium', 'firefox', 'webkit'),
  system: fc.constantFrom('linux', 'windows', 'macos'),
  schedule: fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map(flatWeek), { nil: undefined }),
});
const candidate: fc.Arbitrary<CandidateFacts> = fc
  .record({
    traits,
    storageClass: fc.constantFrom('tab', 'installed', 'appliance'),
    bandwidth: fc.option(fc.nat(10 * MIB), { nil: undefined }),
    free: fc.integer({ min: 1, max: 1000 }),
    wanted: fc.nat(1000),
    reneged: fc.nat(3),
    reliability: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ traits: own, ...rest }) => ({ ...own, ...rest }));
const side: fc.Arbitrary<OurFacts> = fc.record({
  neighbourhood: fc.constantFrom(undefined, 'a', 'b'),
  zone: fc.integer({ min: -720, max: 840 }),
  schedule: fc.option(fc.double({ min: 0.01, max: 1, noNaN: true }).map(flatWeek), { nil: undefined }),
  chosen: fc.array(traits, { maxLength: 5 }),
  free: fc.nat(1000),
  wanted: fc.nat(1000),
  bandwidthMin: fc.constant(MIB),
  renegedMax: fc.constant(3),
});

const facts: CandidateFacts = {
  neighbourhood: 'a',
  zone: 0,
  family: 'chromium',
  system: 'linux',
  schedule: flatWeek(0.5),
  storageClass: 'installed',
  bandwidth: 2 * MIB,
  free: 100,
  wanted: 100,
  reneged: 0,
  reliability: 0.9,
};
const ours: OurFacts = {
  neighbourhood: 'b',
  zone: 0,
  schedule: flatWeek(1),
  chosen: [{ ...facts, neighbourhood: 'c', family: 'firefox', system: 'macos' }],
  free: 100,
  wanted: 100,
  bandwidthMin: MIB,
  renegedMax: 2,
};

/** A candidate changed in one thing, to be no worse in any part. */
const improvements: readonly ((facts: CandidateFacts, ours: OurFacts) => CandidateFacts)[] = [
  (f) => ({ ...f, neighbourhood: 'nowhere else' }),
  (f) => ({ ...f, family: 'unlike any' }),
  (f) => ({ ...f, system: 'unlike any' }),
  (f) => ({ ...f, schedule: flatWeek(1) }),
  (f) => ({ ...f, bandwidth: 100 * MIB }),
  (f) => ({ ...f, free: f.free + 100 }),
  (f) => ({ ...f, wanted: Math.floor(f.wanted / 2) }),
  (f) => ({ ...f, reneged: Math.max(0, f.reneged - 1) }),
  (f) => ({ ...f, storageClass: 'appliance', schedule: f.schedule ?? flatWeek(1) }),
  (f) => ({ ...f, reliability: 1 }),
];

describe('the score of a candidate', () => {
  it('is from 0 to 1, as is each part', () => {
    fc.assert(
      fc.property(candidate, side, (them, us) => {
        for (const value of [scoreCandidate(them, us), ...Object.values(scoreParts(them, us))]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('never falls when the candidate gets better in one thing', () => {
    fc.assert(
      fc.property(candidate, side, fc.constantFrom(...improvements), (them, us, improve) => {
        expect(scoreCandidate(improve(them, us), us)).toBeGreaterThanOrEqual(
          scoreCandidate(them, us) - 1e-12,
        );
      }),
    );
  });

  it('rises with each part that has a weight', () => {
    const better: Record<keyof ScoreParts, CandidateFacts> = {
      separation: { ...facts, zone: 600 },
      diversity: { ...facts, family: 'webkit' },
      backupTime: { ...facts, schedule: flatWeek(0.8) },
      restoreTime: { ...facts, schedule: flatWeek(0.8) },
      bandwidth: { ...facts, bandwidth: 4 * MIB },
      space: { ...facts, free: 100 },
      trackRecord: facts,
      storageClass: { ...facts, storageClass: 'appliance' },
      reliability: { ...facts, reliability: 0.95 },
    };
    const like = { ...ours, chosen: [{ ...facts, neighbourhood: 'c' }] };
    const worse: Partial<Record<keyof ScoreParts, CandidateFacts>> = {
      space: { ...facts, free: 50 },
      trackRecord: { ...facts, reneged: 1 },
    };
    for (const name of Object.keys(better) as (keyof ScoreParts)[]) {
      const low = worse[name] ?? facts;
      expect(scoreParts(better[name], like)[name], name).toBeGreaterThan(scoreParts(low, like)[name]);
      expect(scoreCandidate(better[name], like), name).toBeGreaterThan(scoreCandidate(low, like));
    }
  });

  it('is 0 for who reneged on more members than the policy allows, and for who has no room', () => {
    expect(scoreCandidate({ ...facts, reneged: 2 }, ours)).toBeGreaterThan(0);
    expect(scoreCandidate({ ...facts, reneged: 3 }, ours)).toBe(0);
    expect(scoreCandidate({ ...facts, free: 0 }, ours)).toBe(0);
    expect(isExcluded({ ...facts, free: 0 }, { ...ours, wanted: 0 })).toBe(false);
  });

  it('counts no bandwidth below the policy, half at it or unmeasured, more above', () => {
    const speed = (bandwidth: number | undefined): number =>
      scoreParts({ ...facts, bandwidth }, ours).bandwidth;
    expect([MIB - 1, undefined, MIB, 2 * MIB, 10 * MIB].map(speed)).toEqual([0, 0.5, 0.5, 0.75, 0.95]);
  });

  it('counts one network of both as no separation, whatever zone it claims', () => {
    const alone = { ...ours, chosen: [] };
    expect(scoreParts({ ...facts, neighbourhood: 'b', zone: 720 }, alone).separation).toBe(0);
    expect(scoreParts({ ...facts, neighbourhood: 'a', zone: 720 }, alone).separation).toBe(1);
    expect(scoreParts({ ...facts, neighbourhood: 'a', zone: 0 }, alone).separation).toBe(0.5);
    expect(scoreParts({ ...facts, neighbourhood: undefined, zone: 720 }, alone).separation).toBe(0.5);
    expect(scoreParts({ ...facts, zone: -700 }, { ...alone, zone: 720 }).separation).toBeCloseTo(
      0.5 + 10 / 720,
      9,
    );
  });

  it('weighs only what has a weight', () => {
    const none = Object.fromEntries(Object.keys(SCORE_WEIGHTS).map((name) => [name, 0]));
    const weights = { ...SCORE_WEIGHTS, ...none };
    expect(scoreCandidate(facts, ours, { ...weights, reliability: 2 })).toBeCloseTo(0.9, 12);
    expect(() => scoreCandidate(facts, ours, weights)).toThrow(expect.objectContaining({ fault: 'usage' }));
    expect(() => scoreCandidate(facts, ours, { ...weights, space: -1 })).toThrow(
      expect.objectContaining({ fault: 'usage' }),
    );
  });
});
