/**
 * The states of a partner as its owner sees it, as a pure machine: events in, the next standing out. PROTOCOL.md "Partners".
 * Nothing here knows a clock: time comes as milliseconds that were *observed* (see observed-time.ts), so that no jump of a wall
 * clock and no sleep condemns anybody.
 */

export type StandingState = 'active' | 'suspect' | 'leaving' | 'evicted' | 'reneged';

export type StandingReason =
  | 'none'
  /** cannot be reached */
  | 'silent'
  /** sent bytes that do not verify */
  | 'proof-failed'
  /** heard what was to be shown, and did not answer */
  | 'proof-unanswered'
  /** says that its platform took its storage away, or has forgotten the agreement */
  | 'evicted'
  /** said that it leaves, or was asked to */
  | 'leaving'
  | 'reneged-silent'
  | 'reneged-proof';

export interface Standing {
  readonly state: StandingState;
  readonly reason: StandingReason;
  /** wall clock, for people: when the state began; of a leaving partner, when it will be gone */
  readonly since: number;
  /** observed time since the partner was last heard of */
  readonly silentMs: number;
  /** observed time of suspicion: at the end of the time of grace the partner has reneged */
  readonly graceUsedMs: number;
}

export interface StandingTerms {
  /** silence that is nothing unusual for a device of this kind */
  readonly patienceMs: number;
  readonly graceMs: number;
}

export type StandingEvent =
  /** time passed; `reached` tells whether the partner was connected during it */
  | { readonly kind: 'time'; readonly observedMs: number; readonly reached: boolean }
  /** it is connected and knows the agreement; `owes` when it must still prove pieces to be cleared */
  | { readonly kind: 'contact'; readonly owes: boolean }
  /** somebody else (the broker) saw it so long ago, at a time when we could not have met */
  | { readonly kind: 'hint'; readonly silentMs: number }
  | { readonly kind: 'proof-passed' }
  | { readonly kind: 'proof-failed' }
  | { readonly kind: 'proof-unanswered' }
  | { readonly kind: 'evicted' }
  | { readonly kind: 'leaving'; readonly until: number }
  /** a new agreement was made */
  | { readonly kind: 'agreed' };

export const FRESH_STANDING: Standing = {
  state: 'active',
  reason: 'none',
  since: 0,
  silentMs: 0,
  graceUsedMs: 0,
};

/**
 * The standing after an event.
 * @param now wall clock in milliseconds since 1970, only to tell people since when
 * @returns the same object when nothing changed
 */
export function nextStanding(
  standing: Standing,
  event: StandingEvent,
  terms: StandingTerms,
  now: number,
): Standing {
  if (event.kind === 'agreed') {
    // New terms clear nobody who has something to prove.
    const open = standing.state === 'active' || standing.state === 'suspect';
    return open ? standing : { ...FRESH_STANDING, since: now };
  }
  // What has ended stays ended until there is a new agreement.
  if (standing.state === 'reneged' || standing.state === 'evicted') return standing;
  switch (event.kind) {
    case 'time':
      return afterTime(standing, event, terms, now);
    case 'contact':
      return afterContact(standing, event.owes, now);
    case 'hint':
      return afterHint(standing, event.silentMs, terms, now);
    case 'proof-passed':
      // Who showed wrong bytes lied, for what is lost is said to be lost; a proof of the rest takes nothing of that back.
      return standing.state === 'suspect' && !isCaught(standing)
        ? { ...FRESH_STANDING, since: now }
        : heard(standing);
    case 'proof-failed':
    case 'proof-unanswered':
      return afterFailure(standing, event.kind, now);
    case 'evicted':
      return isCaught(standing)
        ? { ...heard(standing), state: 'reneged', reason: 'reneged-proof', since: now }
        : { ...FRESH_STANDING, state: 'evicted', reason: 'evicted', since: now };
    case 'leaving':
      return { ...heard(standing), state: 'leaving', reason: 'leaving', since: event.until };
    default:
      return event satisfies never;
  }
}

/** Whether a partner is as good as can be: that it is connected, and for how long, changes nothing. */
export function isUnblemished({ state, silentMs }: Standing): boolean {
  return state === 'active' && silentMs === 0;
}

/** Showed wrong bytes: no word of its own, that all is lost or that it leaves, ends what this costs. */
export function isCaught({ state, reason }: Standing): boolean {
  return state === 'suspect' && reason === 'proof-failed';
}

/** Observed time until the partner has reneged; undefined while nothing is held against it. */
export function graceLeftMs(standing: Standing, terms: StandingTerms): number | undefined {
  return standing.state === 'suspect' ? Math.max(0, terms.graceMs - standing.graceUsedMs) : undefined;
}

function afterTime(
  standing: Standing,
  { observedMs, reached }: { readonly observedMs: number; readonly reached: boolean },
  terms: StandingTerms,
  now: number,
): Standing {
  if (observedMs <= 0) return standing;
  const silentMs = reached ? 0 : standing.silentMs + observedMs;
  if (standing.state === 'active') {
    if (silentMs < terms.patienceMs)
      return silentMs === standing.silentMs ? standing : { ...standing, silentMs };
    return { state: 'suspect', reason: 'silent', since: now, silentMs, graceUsedMs: 0 };
  }
  if (standing.state === 'leaving') return { ...standing, silentMs };
  const graceUsedMs = standing.graceUsedMs + observedMs;
  if (graceUsedMs < terms.graceMs) return { ...standing, silentMs, graceUsedMs };
  const reason = standing.reason === 'silent' ? 'reneged-silent' : 'reneged-proof';
  return { state: 'reneged', reason, since: now, silentMs, graceUsedMs };
}

/** Who was only silent is welcome again, once it has shown what it keeps. */
function afterContact(standing: Standing, owes: boolean, now: number): Standing {
  if (standing.state === 'suspect' && standing.reason === 'silent' && !owes) {
    return { ...FRESH_STANDING, since: now };
  }
  return heard(standing);
}

/** Two devices that are never on at the same hours hear nothing of each other, and neither has broken its word. */
function afterHint(standing: Standing, silentMs: number, terms: StandingTerms, now: number): Standing {
  if (silentMs >= standing.silentMs) return standing;
  if (standing.state === 'suspect' && standing.reason === 'silent' && silentMs < terms.patienceMs) {
    return { ...FRESH_STANDING, since: now, silentMs };
  }
  return { ...standing, silentMs };
}

function afterFailure(
  standing: Standing,
  reason: 'proof-failed' | 'proof-unanswered',
  now: number,
): Standing {
  const known = heard(standing);
  if (standing.state === 'leaving') return known;
  if (standing.state === 'suspect') {
    // Wrong bytes weigh more than silence; the time of grace runs on.
    return reason === 'proof-failed' && standing.reason !== reason ? { ...known, reason } : known;
  }
  return { ...known, state: 'suspect', reason, since: now, graceUsedMs: 0 };
}

function heard(standing: Standing): Standing {
  return standing.silentMs === 0 ? standing : { ...standing, silentMs: 0 };
}
