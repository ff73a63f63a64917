import type { CheckedPartner, CheckReport } from '../../agent/api.ts';
import { formatBytes, formatDuration, formatList } from '../text/format.ts';
import { text } from '../text/text.ts';

export interface CheckSentence {
  readonly tone: 'good' | 'calm' | 'bad';
  readonly sentence: string;
  /** who did not prove it, and why */
  readonly others: readonly string[];
}

const words = text.home.check;

/** What a check found, in words. */
export function checkSentence(report: CheckReport): CheckSentence {
  const names = (outcome: CheckedPartner['outcome']): readonly string[] =>
    report.partners
      .filter((partner) => partner.outcome === outcome)
      .map(({ name }) => name || text.activity.somePartner);
  const proved = names('proved').length;
  const failed = names('failed');
  const lost = names('lost');
  const unreachable = names('unreachable');
  const others = [
    failed.length > 0 ? words.failed(formatList(failed)) : '',
    lost.length > 0 ? words.lost(formatList(lost)) : '',
    unreachable.length > 0 ? words.unreachable(formatList(unreachable)) : '',
    report.outOfReach > 0 ? words.outOfReach : '',
    unreachable.length > 0 && !report.introduced ? words.notIntroduced : '',
  ].filter((line) => line !== '');
  return {
    tone: failed.length + lost.length > 0 ? 'bad' : proved > 0 && unreachable.length === 0 ? 'good' : 'calm',
    sentence: mainSentence(report, proved, failed.length + lost.length, unreachable.length),
    others,
  };
}

function mainSentence(report: CheckReport, proved: number, wrong: number, unreachable: number): string {
  if (proved > 0) {
    return words.proved(
      proved,
      formatBytes(report.provedBytes),
      formatBytes(report.movedBytes),
      formatDuration(report.seconds * 1000),
    );
  }
  if (wrong > 0) return words.noneProved;
  if (unreachable === 0) return words.nothing;
  return report.introduced ? words.noneReached : words.noneFound;
}
