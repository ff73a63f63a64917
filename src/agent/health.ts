import { onePerDevice } from './network/partner-view.ts';
import type { Cooperation } from './network/types.ts';
import type { Health, HealthReason } from './api.ts';
import type { PackSurvey } from './repair/survey.ts';

/** What is known of the packs: worked out after each run, each look at the partners and at start, since it reads the whole index. */
export type Standing = PackSurvey;

export const NOTHING_SAVED: Standing = {
  packs: 0,
  widest: 0,
  missing: 0,
  awaited: 0,
  awaitedOf: new Set(),
  worstLossPerYear: 0,
  worstRestorableNow: 1,
  urgent: false,
  lazy: false,
  risks: [],
  canLose: 0,
  holders: new Set(),
  heldBy: new Map(),
};

export interface HealthFacts {
  readonly standing: Standing;
  readonly cooperation: Cooperation | undefined;
  readonly saving: boolean;
  readonly paused: boolean;
  readonly folders: number;
  readonly lastSavedAt: number | undefined;
  /** why the last run failed; undefined after a good one */
  readonly failure: HealthReason | undefined;
  readonly headAcknowledged: boolean;
}

/** The facts of the one sentence. Each reason stands for something its reader can act on. */
export function judgeHealth(facts: HealthFacts): Health {
  const { standing, cooperation } = facts;
  const partners = onePerDevice(cooperation?.partners() ?? []);
  const holding = partners.filter(({ device }) => standing.holders.has(device));
  const online = new Set(cooperation?.connected().map(({ peer }) => peer.device));
  const reason = reasonOf(facts);
  const state =
    facts.folders === 0 && facts.failure === undefined && !facts.saving
      ? 'empty'
      : facts.paused
        ? 'paused'
        : facts.saving
          ? 'saving'
          : reason === undefined && standing.packs > 0
            ? 'protected'
            : 'at-risk';
  return {
    state,
    partners: standing.holders.size,
    canLose: Math.max(0, standing.canLose),
    online: holding.filter(({ device, online: seen }) => seen || online.has(device)).length,
    sameComputer: holding.length > 0 && holding.every(({ sameComputer }) => sameComputer),
    lastSavedAt: facts.lastSavedAt,
    reason: state === 'at-risk' ? (reason ?? 'last-run-failed') : undefined,
    suspects: holding.filter((partner) => partner.state === 'suspect').length,
    missing: standing.missing,
    awaited: standing.awaited,
    lossPerYear: standing.packs === 0 ? undefined : standing.worstLossPerYear,
    restorableNow: standing.packs === 0 ? undefined : standing.worstRestorableNow,
    risks: standing.risks.map(({ kind, domain }) => ({ kind, domain })),
  };
}

function reasonOf({
  standing,
  cooperation,
  failure,
  headAcknowledged,
}: HealthFacts): HealthReason | undefined {
  if (failure !== undefined) return failure;
  if (standing.packs === 0) return 'no-partners';
  if (standing.missing > 0) {
    const lost = cooperation?.partners().some(({ state }) => state === 'evicted') === true;
    return lost ? 'holders-lost-pieces' : 'packs-incomplete';
  }
  if (standing.canLose < 1) return 'too-few-partners';
  if (!headAcknowledged) return 'last-run-failed';
  return undefined;
}
