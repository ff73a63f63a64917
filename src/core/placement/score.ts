import { RoostError } from '../errors.ts';
import { priorOdds } from './priors.ts';
import type { StorageClass } from './priors.ts';
import { flatWeek, overlap, spread, uncovered } from './schedule.ts';
import type { WeekHistogram } from './schedule.ts';

/** Where and on what a device runs, as far as it is known. */
export interface DeviceTraits {
  /** hash of its network's address as the broker saw it */
  readonly neighbourhood: string | undefined;
  /** minutes east of UTC */
  readonly zone: number;
  /** browser family */
  readonly family: string;
  /** operating system */
  readonly system: string;
  /** undefined before it was watched or told */
  readonly schedule: WeekHistogram | undefined;
}

export interface CandidateFacts extends DeviceTraits {
  readonly storageClass: StorageClass;
  /** bytes a second, measured; undefined before */
  readonly bandwidth: number | undefined;
  /** bytes it can still take, and bytes it looks for at others */
  readonly free: number;
  readonly wanted: number;
  /** distinct members it reneged on lately, by signed reports */
  readonly reneged: number;
  /** as the broker tells it, 0 to 1 */
  readonly reliability: number;
}

/** Our side of the choice. */
export interface OurFacts {
  readonly neighbourhood: string | undefined;
  readonly zone: number;
  readonly schedule: WeekHistogram | undefined;
  /** partners we have already */
  readonly chosen: readonly DeviceTraits[];
  readonly free: number;
  readonly wanted: number;
  /** the policy's least bandwidth, bytes a second */
  readonly bandwidthMin: number;
  /** the policy's largest number of members a partner may have reneged on */
  readonly renegedMax: number;
}

/** What a candidate is weighed on; each part from 0 to 1. */
export interface ScoreParts {
  /** far from us and from the partners we have: another network, another time zone */
  readonly separation: number;
  /** another browser family and another operating system than theirs */
  readonly diversity: number;
  /** online when we are: a backup gets done */
  readonly backupTime: number;
  /** with it, the share of the week in which some partner is online: a restore can begin */
  readonly restoreTime: number;
  /** 0 below the policy's least, 1/2 at it or unmeasured, rising to 1 */
  readonly bandwidth: number;
  /** each side has what the other looks for */
  readonly space: number;
  /** falls with each member it reneged on */
  readonly trackRecord: number;
  readonly storageClass: number;
  readonly reliability: number;
}

export type ScoreWeights = Readonly<Record<keyof ScoreParts, number>>;

/** What loses data weighs most: partners that fail together, and partners that leave. Speed only decides among equals. */
export const SCORE_WEIGHTS: ScoreWeights = {
  separation: 3,
  diversity: 3,
  storageClass: 3,
  reliability: 3,
  trackRecord: 3,
  space: 2,
  backupTime: 2,
  restoreTime: 1,
  bandwidth: 1,
};

/** By how long data lasts in them and how often they are there. */
const CLASS_SCORES: Readonly<Record<StorageClass, number>> = { tab: 0.2, installed: 0.6, appliance: 1 };

const ZONE_CIRCLE_MINUTES = 24 * 60;

/** Whether a candidate is out of the question: it reneged on too many, or has no room for what we look for. */
export function isExcluded(facts: CandidateFacts, ours: OurFacts): boolean {
  return facts.reneged > ours.renegedMax || (ours.wanted > 0 && facts.free <= 0);
}

/**
 * How well a candidate would do as a partner, 0 to 1: the weighted mean of its parts, which never falls when one of them rises; 0 when
 * it is excluded.
 * @throws RoostError 'usage' for a negative weight, or when all are 0
 */
export function scoreCandidate(
  facts: CandidateFacts,
  ours: OurFacts,
  weights: ScoreWeights = SCORE_WEIGHTS,
): number {
  if (isExcluded(facts, ours)) return 0;
  const parts = scoreParts(facts, ours);
  let score = 0;
  let total = 0;
  for (const name of Object.keys(parts) as (keyof ScoreParts)[]) {
    if (!(weights[name] >= 0)) {
      throw new RoostError('usage', `the weight of "${name}" must be at least 0, got ${weights[name]}`);
    }
    score += weights[name] * parts[name];
    total += weights[name];
  }
  if (total === 0) throw new RoostError('usage', '"weights" must have one above 0, got none');
  return score / total;
}

/** Each part for itself, to say why one candidate was preferred. */
export function scoreParts(facts: CandidateFacts, ours: OurFacts): ScoreParts {
  const { chosen } = ours;
  // Any hour is like any other of who was never watched.
  const { schedule } = facts;
  const usual = priorOdds(facts.storageClass).availability;
  return {
    separation: mean([ours, ...chosen].map((other) => apart(facts, other))),
    diversity: chosen.length === 0 ? 1 : mean(chosen.map((other) => unlike(facts, other))),
    // While our own habits are not known, any hour may be one of ours.
    backupTime: schedule === undefined ? usual : overlap(ours.schedule ?? flatWeek(1), schedule),
    restoreTime: spread(uncoveredBy(chosen), schedule ?? usual),
    bandwidth: speed(facts.bandwidth, ours.bandwidthMin),
    space: fit(ours.wanted, facts.free) * fit(facts.wanted, ours.free),
    trackRecord: 1 - Math.min(1, facts.reneged / (ours.renegedMax + 1)),
    storageClass: CLASS_SCORES[facts.storageClass],
    reliability: clamp(facts.reliability),
  };
}

const gaps = new WeakMap<readonly DeviceTraits[], Float64Array>();

/** Worked out once for all candidates. */
function uncoveredBy(chosen: readonly DeviceTraits[]): Float64Array {
  const known = gaps.get(chosen) ?? uncovered(chosen.flatMap(({ schedule }) => schedule ?? []));
  gaps.set(chosen, known);
  return known;
}

/** Half for another network, half for the distance of time zones; one known network of both is 0, wherever they claim to be. */
function apart(a: Place, b: Place): number {
  const known = a.neighbourhood !== undefined && b.neighbourhood !== undefined;
  if (known && a.neighbourhood === b.neighbourhood) return 0;
  const east = Math.abs(a.zone - b.zone) % ZONE_CIRCLE_MINUTES;
  const distance = Math.min(east, ZONE_CIRCLE_MINUTES - east) / (ZONE_CIRCLE_MINUTES / 2);
  return (known ? 0.5 : 0) + 0.5 * distance;
}
type Place = Pick<DeviceTraits, 'neighbourhood' | 'zone'>;

function unlike(a: DeviceTraits, b: DeviceTraits): number {
  return (a.family === b.family ? 0 : 0.5) + (a.system === b.system ? 0 : 0.5);
}

/** Twice the least counts 3/4, ten times 0.95: what is fast enough need not be faster. */
function speed(bandwidth: number | undefined, least: number): number {
  if (bandwidth === undefined) return 0.5;
  if (!(bandwidth >= least && bandwidth > 0)) return 0;
  return 1 - least / (2 * bandwidth);
}

/** How much of what is wanted there is room for. */
function fit(wanted: number, free: number): number {
  return wanted <= 0 ? 1 : clamp(free / wanted);
}

/** Told numbers may be anything. */
function clamp(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
