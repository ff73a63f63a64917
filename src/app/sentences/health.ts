import type { AgentState, Health, HealthRisk, PartnerView } from '../../agent/api.ts';
import { parseToldReason } from '../../core/partnership/told-reason.ts';
import { formatAgo, formatList } from '../text/format.ts';
import { text } from '../text/text.ts';
import { keepsForUs, properNames } from './partner.ts';

export interface HealthSentence {
  readonly sentence: string;
  /** a second line: what to do, or what else is true */
  readonly next: string | undefined;
  /** what else is going on, the worst first */
  readonly notes: readonly HealthNote[];
}
export interface HealthNote {
  readonly kind: 'suspects' | 'missing' | 'awaited' | 'risk';
  readonly sentence: string;
}

type Facts = Pick<AgentState, 'health' | 'folders' | 'partners' | 'activity'>;

const words = text.health;

/** The one sentence that tells whether the files are safe. It never says more than the facts do. */
export function healthSentence(state: Facts, now: number): HealthSentence {
  return { ...mainSentence(state, now), notes: state.health.state === 'empty' ? [] : notesOf(state) };
}

function mainSentence(state: Facts, now: number): Omit<HealthSentence, 'notes'> {
  const { health, folders } = state;
  const saved =
    health.lastSavedAt === undefined ? undefined : words.savedAt(formatAgo(health.lastSavedAt, now));
  switch (health.state) {
    case 'empty':
      // After a recovery all is there, though this device has saved nothing itself.
      if (folders.length === 0 && state.activity.some(({ event }) => event === 'recovered')) {
        return { sentence: words.emptyHere, next: words.emptyHereNext };
      }
      return health.reason === undefined
        ? { sentence: words.empty, next: folders.length === 0 ? words.emptyNext : undefined }
        : { sentence: words.empty, next: words.reasons[health.reason].next };
    case 'saving':
      return { sentence: health.lastSavedAt === undefined ? words.savingFirst : words.saving, next: saved };
    case 'paused':
      return { sentence: words.paused, next: saved };
    case 'at-risk': {
      const reason = health.reason === undefined ? undefined : words.reasons[health.reason];
      return { sentence: reason?.sentence ?? words.atRisk, next: reason?.next ?? saved };
    }
    case 'protected': {
      const all = Math.max(health.partners, state.partners.filter(keepsForUs).length);
      if (health.sameComputer) {
        const missing = health.partners - health.online > health.canLose;
        return {
          sentence: words.sameComputer(health.partners, all),
          next: [missing ? restorable(health) : '', words.sameComputerNext].filter(Boolean).join(' '),
        };
      }
      return {
        sentence: words.protectedBy(health.partners, all, health.canLose),
        next: [restorable(health), saved].filter(Boolean).join(' '),
      };
    }
    default:
      return health.state satisfies never;
  }
}

/** While no more than may be lost are away, nothing can be missing. */
const restorable = ({ online, partners, canLose }: Health): string =>
  words.restorable(online, partners, partners - online <= canLose);

function notesOf({ health, partners }: Facts): readonly HealthNote[] {
  const notes: HealthNote[] = [];
  if (health.suspects > 0) {
    const left = Math.max(0, health.canLose - health.suspects);
    const sentence = words.suspects(health.suspects, health.partners, left, howSuspect(partners));
    notes.push({ kind: 'suspects', sentence });
  }
  if (health.missing > 0) {
    const sentence =
      health.reason === 'holders-lost-pieces'
        ? words.stillMissing(health.missing)
        : words.missing(health.missing, partners.filter(lostPieces).length);
    notes.push({ kind: 'missing', sentence });
  }
  if (health.awaited > 0)
    notes.push({ kind: 'awaited', sentence: words.awaited(health.awaited, health.online < health.partners) });
  const alike = health.risks.filter((risk) => risk.kind !== 'too-few-partners').filter(isNews(health));
  if (alike.length > 0) {
    notes.push({ kind: 'risk', sentence: words.alike(formatList([...new Set(alike.map(wayOf))])) });
  }
  for (const risk of health.risks) {
    if (risk.kind !== 'too-few-partners') continue;
    notes.push({ kind: 'risk', sentence: words.tooFew(risk.partners, risk.wanted) });
  }
  return notes;
}

function howSuspect(partners: readonly PartnerView[]): 'silent' | 'owing' | 'both' {
  const suspects = partners.filter(({ state }) => state === 'suspect');
  const silent = suspects.filter(({ reason }) => parseToldReason(reason).code === 'silent').length;
  return silent === suspects.length ? 'silent' : silent === 0 ? 'owing' : 'both';
}

const lostPieces = ({ state, reason }: PartnerView): boolean =>
  state === 'evicted' || parseToldReason(reason).code === 'lost-pieces';

type AlikeRisk = Exclude<HealthRisk, { readonly kind: 'too-few-partners' }>;

/** That all is on this computer is the sentence itself. */
const isNews =
  (health: Health) =>
  (risk: AlikeRisk): boolean =>
    !(health.sameComputer && risk.domain.startsWith('computer:'));

/** Browsers by the names that failure domains have for them. */
const BROWSERS: readonly string[] = ['chromium', 'firefox', 'webkit'];

function wayOf({ domain }: AlikeRisk): string {
  const [kind = '', name = ''] = domain.split(':');
  const way = kind === 'family' && !BROWSERS.includes(name) ? 'program' : kind;
  return (words.ways[way] ?? words.ways['other'] ?? String)(properNames(name));
}
