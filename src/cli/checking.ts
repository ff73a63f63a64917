import type { CheckReport, CheckedPartner } from '../agent/api.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_TOO_FEW } from './exit-codes.ts';
import { count, formatBytes, formatDuration, printable } from './format.ts';
import type { Output } from './output.ts';

const OUTCOMES: Readonly<Record<CheckedPartner['outcome'], string>> = {
  proved: 'proved',
  failed: 'FAILED: wrong bytes, or no answer to what it was shown',
  lost: 'LOST pieces, by its own word',
  unreachable: 'not reached',
  nothing: 'holds nothing of yours',
};

/** Reports an audit of all holders and gives its exit code: who is away proves nothing either way, but may leave too few to restore from. */
export function reportCheck(output: Output, report: CheckReport): number {
  const { partners, provedBytes, movedBytes, seconds, packs, outOfReach, introduced } = report;
  for (const { device, name, outcome, segments, heldBytes } of partners) {
    const drawn = outcome === 'proved' ? ` ${formatBytes(heldBytes)} by ${count(segments, 'segment')}` : '';
    output.result(
      { device, name, outcome, segments, heldBytes },
      `${device.slice(0, 8)}  ${OUTCOMES[outcome]}${drawn}  ${printable(name)}`,
    );
  }
  const total = partners.filter(({ outcome }) => outcome !== 'nothing').length;
  const having = (...outcomes: readonly CheckedPartner['outcome'][]): number =>
    partners.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const proved = having('proved');
  const wrong = having('failed', 'lost');
  const away = having('unreachable');
  if (!introduced && away > 0)
    output.note('The broker did not answer: partners that are online may not have been reached.');
  const found =
    proved > 0
      ? `Proved ${formatBytes(provedBytes)} at ${count(proved, 'partner')} by moving ${formatBytes(movedBytes)} in ${formatDuration(seconds * 1000)}.${away > 0 ? ` ${away} of ${count(total, 'partner')} could not be reached.` : ''}`
      : total > 0
        ? 'Nothing was proved.'
        : 'No partner holds anything of yours yet.';
  const short =
    outOfReach > 0 ? '\nToo few of them answered: at this moment not everything could be restored.' : '';
  output.result(
    { event: 'done', partners, provedBytes, movedBytes, seconds, packs, outOfReach, introduced },
    found + short,
  );
  if (wrong > 0) return EXIT_FAILED;
  if (outOfReach > 0) return EXIT_TOO_FEW;
  if (proved > 0) return EXIT_DONE;
  return away > 0 ? EXIT_TOO_FEW : EXIT_FAILED;
}
