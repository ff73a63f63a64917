import type { PartnerState, PartnerView } from '../agent/api.ts';
import { parseToldReason } from '../core/partnership/told-reason.ts';
import { count, formatDay, formatShare, formatTime } from './format.ts';

const STATES: Readonly<Record<Exclude<PartnerState, 'active'>, string>> = {
  candidate: 'found, not agreed yet',
  negotiating: 'agreeing on space',
  suspect: 'has to put something right',
  leaving: 'is leaving, pieces move to others',
  reneged: 'did not keep its promise, pieces go to others',
  evicted: 'its platform cleared the pieces, they are made again',
  departed: 'is gone',
};

/** By the code of the reason; `day` is the time that it names. */
const REASONS: Readonly<Record<string, (day: string) => string>> = {
  silent: (day) => `has not answered since ${day}`,
  'proof-failed': (day) => `its proofs have been wrong since ${day}`,
  'proof-unanswered': (day) => `has owed an answer to a proof since ${day}`,
  'lost-pieces': () => 'says itself that it lost some pieces, they are made again elsewhere',
  evicted: (day) => `its platform took the storage away on ${day}, pieces are made again elsewhere`,
  leaving: (day) => `leaves on ${day}, pieces move to others before that`,
  'reneged-silent': () => 'stayed silent for longer than was agreed, pieces go to others',
  'reneged-proof': () => 'owed a proof for longer than was agreed, pieces go to others',
  ended: (day) => `the partnership ended on ${day}`,
  'no-member': () => 'is not in the cooperative any more',
  new: () => 'is new, not agreed yet',
};

/** Why a partner is in its state and what happens next: "has not answered since 2026-11-20; replaced on 2026-12-04 unless it returns". */
export function partnerReason(
  partner: Pick<PartnerView, 'state' | 'reason' | 'graceEndsAt' | 'held' | 'givesUs' | 'lastProofAt'>,
): string {
  const { code, at } = parseToldReason(partner.reason);
  const day = at === undefined ? 'an unknown day' : formatDay(at);
  const why =
    REASONS[code]?.(day) ?? (partner.state === 'active' ? keepingOf(partner) : STATES[partner.state]);
  if (partner.state !== 'suspect' || partner.graceEndsAt === undefined) return why;
  const replaced = `${why}; replaced on ${formatDay(partner.graceEndsAt)}`;
  // No proof makes wrong bytes good.
  if (code === 'proof-failed') return replaced;
  return `${replaced} unless ${code === 'silent' ? 'it returns' : 'it proves what it holds'}`;
}

/** What one does that nothing is held against. */
function keepingOf({
  held,
  givesUs,
  lastProofAt,
}: Pick<PartnerView, 'held' | 'givesUs' | 'lastProofAt'>): string {
  if (held === 0) return givesUs > 0 ? 'is ready to hold pieces' : 'gives you no space';
  return lastProofAt === undefined ? 'holds pieces of yours' : 'keeps its promise';
}

/** What it proved of the pieces that it holds; undefined of one that holds none. */
export function proofText({
  reason,
  held,
  lastProofAt,
  proofs,
}: Pick<PartnerView, 'reason' | 'held' | 'lastProofAt' | 'proofs'>): string | undefined {
  if (held === 0) return undefined;
  if (lastProofAt === undefined) return 'has not proved yet that it keeps your pieces';
  const record = `(${count(proofs.passed, 'proof')} right, ${proofs.failed} not)`;
  return parseToldReason(reason).code === 'lost-pieces'
    ? `its last proof, before it lost some, was ${formatTime(lastProofAt)} ${record}`
    : `proved ${formatTime(lastProofAt)} that it keeps your pieces ${record}`;
}

/** Share of the time that it was online, over a week; undefined before a week was watched. */
export function onlineShare(schedule: readonly number[]): number | undefined {
  return schedule.length === 0
    ? undefined
    : schedule.reduce((sum, share) => sum + share, 0) / schedule.length;
}

export function onlineText(schedule: readonly number[]): string {
  const share = onlineShare(schedule);
  return share === undefined ? 'hours not known yet' : `online ${formatShare(share)} of the time`;
}
