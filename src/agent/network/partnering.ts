import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import { planCode } from '../../core/placement/plan.ts';
import type { AbortSignalLike, OnReached } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { abortable, throwIfAborted } from '../cancellation.ts';
import { mapLimited } from '../../core/limiter.ts';
import { placementPartner } from '../placement.ts';
import type { Remote } from '../session/types.ts';
import type { BookEntry } from './agreement-book.ts';
import type { AgreeingParts } from './agreeing.ts';
import { agreeWith } from './agreeing.ts';
import type { Candidate } from './candidates.ts';
import type { Partner } from './types.ts';

/** Proposals under way at once. */
const PROPOSALS_MAX = 8;
/** Partners that a run should find in reach: enough for a code of 3 + 3, of which any half may vanish. */
const REACH_WANTED = 6;
/** As many as the longest code has shards. With more nobody is looked for; who comes by itself is welcome. */
const PARTNERS_WANTED_MAX = 20;

/**
 * How many new partners to look for: so many in all that, by how much they are online, enough of them are in reach at any time.
 * @param partners availability of the partners there are, and whether they are in reach now
 * @param lacking so many in any case (`partnersLacking`)
 */
export function strangersWanted(
  partners: readonly { readonly availability: number; readonly inReach: boolean }[],
  lacking: number,
): number {
  const expected = partners.reduce((sum, { availability }) => sum + availability, 0);
  const mean = partners.length === 0 ? 1 : expected / partners.length;
  const forReach = Math.ceil((REACH_WANTED - expected) / Math.max(mean, 0.1));
  const here = partners.filter(({ inReach }) => inReach).length;
  // Nobody gets by on less, however many there are in all.
  const least = Math.ceil(REACH_WANTED / 2) - here;
  return Math.max(0, Math.min(forReach, PARTNERS_WANTED_MAX - partners.length), least, lacking);
}

/**
 * How many more partners packs call for.
 * @param partners those in good standing: a silent one takes no pieces, though it is expected back
 * @param atLeast as many as the widest pack needs to be whole; more are wanted if new packs would not be as safe as they are to be
 */
export function partnersLacking(partners: readonly Partner[], atLeast: number): number {
  if (partners.length === 0) return atLeast;
  const forTarget = planCode(partners.map(placementPartner)).risks.map((risk) =>
    risk.kind === 'too-few-partners' ? Math.min(PARTNERS_WANTED_MAX, risk.wanted) : 0,
  );
  return Math.max(atLeast, ...forTarget) - partners.length;
}

/** Agreed with in one go. */
const PARTNERS_MAX = 40;
/** Asked in one round at most, however many of them refuse. */
const STRANGERS_TRIED_MAX = 64;
/** Longest wait for one candidate: connecting and agreeing. */
const CANDIDATE_TIMEOUT_MS = 30_000;

export interface PartneringParts extends AgreeingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly session: (candidate: Candidate, signal: AbortSignalLike) => Promise<Remote>;
  readonly onReached: OnReached | undefined;
  /** it agrees on nothing with us, now */
  readonly onRefused: (candidate: Candidate) => void;
}

/**
 * Agrees with candidates, round by round: with all partners there are, and with strangers until `wanted` of them have agreed. Who refuses, is
 * full or does not answer is left out.
 * @throws RoostError 'aborted'
 */
export async function agreeWithMany(
  parts: PartneringParts,
  rounds: readonly (readonly Candidate[])[],
  bytes: number,
  wanted: number,
  signal: AbortSignalLike | undefined,
): Promise<readonly BookEntry[]> {
  const agreed: BookEntry[] = [];
  const of = rounds.flat().filter(({ stranger }) => !stranger).length;
  let reached = 0;
  parts.onReached?.({ reached, of });
  const agree = async (candidates: readonly Candidate[]): Promise<number> => {
    const tried = candidates.slice(0, PARTNERS_MAX - agreed.length);
    const outcomes = await mapLimited(tried, PROPOSALS_MAX, async (candidate) => {
      const entry = await tryOne(parts, candidate, bytes, signal);
      if (entry !== undefined && !candidate.stranger) parts.onReached?.({ reached: ++reached, of });
      return entry;
    });
    const entries = outcomes.filter((entry) => entry !== undefined);
    agreed.push(...entries);
    return entries.length;
  };
  let strangers = 0;
  for (const round of rounds) {
    throwIfAborted(signal);
    await agree(round.filter(({ stranger }) => !stranger));
    const fresh = round.filter(({ stranger }) => stranger).slice(0, STRANGERS_TRIED_MAX);
    for (let at = 0; strangers < wanted && at < fresh.length;) {
      const next = fresh.slice(at, at + wanted - strangers);
      at += next.length;
      strangers += await agree(next);
    }
  }
  return agreed;
}

async function tryOne(
  parts: PartneringParts,
  candidate: Candidate,
  bytes: number,
  signal: AbortSignalLike | undefined,
): Promise<BookEntry | undefined> {
  const { clock, log, session, onRefused } = parts;
  throwIfAborted(signal);
  const controller = clock.abortController();
  const cancelTimer = clock.after(CANDIDATE_TIMEOUT_MS, () => {
    controller.abort();
  });
  const onAbort = (): void => {
    controller.abort();
  };
  signal?.addEventListener('abort', onAbort);
  try {
    const agreeing = session(candidate, controller.signal).then((remote) => agreeWith(parts, remote, bytes));
    return await abortable(agreeing, controller.signal);
  } catch (error) {
    if (signal?.aborted) throw new RoostError('aborted', 'stopped on request', { cause: error });
    if (faultOf(error) === 'refused') onRefused(candidate);
    log.info('network.no-agreement', {
      device: candidate.device,
      fault: faultOf(error),
      message: messageOf(error),
    });
    return undefined;
  } finally {
    cancelTimer();
    signal?.removeEventListener('abort', onAbort);
  }
}
