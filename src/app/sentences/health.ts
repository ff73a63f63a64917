import type { AgentState, PartnerView } from '../../agent/api.ts';
import { formatAgo } from '../text/format.ts';
import { text } from '../text/text.ts';

export interface HealthSentence {
  readonly sentence: string;
  /** a second line: what to do, or what else is true */
  readonly next: string | undefined;
}

const words = text.health;

const hasAgreement = (partner: PartnerView): boolean =>
  partner.agreement !== undefined && partner.state !== 'departed';

/** The one sentence that tells whether the files are safe. It never says more than the facts do. */
export function healthSentence(
  state: Pick<AgentState, 'health' | 'folders' | 'partners' | 'activity'>,
  now: number,
): HealthSentence {
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
    case 'protected':
      if (health.sameComputer) {
        return { sentence: words.sameComputer(health.partners), next: words.sameComputerNext };
      }
      return {
        sentence: words.protectedBy(
          health.partners,
          Math.max(health.partners, state.partners.filter(hasAgreement).length),
          health.canLose,
        ),
        next: [words.onlineOf(health.online, health.partners), saved].filter(Boolean).join(' '),
      };
    default:
      return health.state satisfies never;
  }
}
