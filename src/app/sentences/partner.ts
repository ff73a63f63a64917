import type { PartnerView } from '../../agent/api.ts';
import { parseToldReason } from '../../core/partnership/told-reason.ts';
import { formatAgo, formatDate, formatMoment } from '../text/format.ts';
import { text } from '../text/text.ts';

/** Whether it counts as one that keeps pieces for us: it has some, or has promised space for them. */
export const keepsForUs = ({ state, held, givesUs }: PartnerView): boolean =>
  held > 0 || (givesUs > 0 && (state === 'active' || state === 'suspect'));

/** What the chip says: the state, or what is so where the state's name would not be the truth. */
export function partnerLabel({
  state,
  reason,
  held,
  givesUs,
}: Pick<PartnerView, 'state' | 'reason' | 'held' | 'givesUs'>): string {
  const label = text.partners.reasonLabels[parseToldReason(reason).code];
  if (label !== undefined) return label;
  if (state === 'active' && held === 0)
    return givesUs > 0 ? text.partners.readyLabel : text.partners.onlyTakesLabel;
  return text.partners.states[state].label;
}

/** Why it is in its state and what happens next; a reason that has no words yet falls back to the state's own sentence. */
export function partnerSentence(
  partner: Pick<PartnerView, 'state' | 'reason' | 'graceEndsAt' | 'held' | 'givesUs' | 'lastProofAt'>,
  now: number,
): string {
  const { code, at } = parseToldReason(partner.reason);
  const { graceEndsAt } = partner;
  const replaced =
    graceEndsAt === undefined
      ? undefined
      : graceEndsAt <= now
        ? text.partners.soon
        : text.partners.onDay(formatDate(graceEndsAt, now));
  const sentence = text.partners.reasons[code]?.({
    since: at === undefined ? undefined : formatMoment(at, now),
    day: at === undefined ? undefined : formatDate(at, now),
    replaced,
    holds: partner.held > 0,
  });
  if (sentence !== undefined) return sentence;
  if (partner.state === 'active') {
    if (partner.held === 0) return partner.givesUs > 0 ? text.partners.ready : text.partners.onlyTakes;
    // A promise is kept once that was proved.
    if (partner.lastProofAt === undefined) return text.partners.holds;
  }
  return text.partners.states[partner.state].sentence;
}

/** When it last proved that it keeps our pieces; nothing about a partner that has nothing to prove. */
export function proofSentence(
  partner: Pick<PartnerView, 'state' | 'reason' | 'held' | 'lastProofAt'>,
  now: number,
): string | undefined {
  const { state, reason, held, lastProofAt } = partner;
  if (held === 0 || (state !== 'active' && state !== 'suspect' && state !== 'leaving')) return undefined;
  if (lastProofAt === undefined) return text.partners.notProved;
  const ago = formatAgo(lastProofAt, now);
  // What was proved before a loss is not proved of what is left.
  const doubtful = state === 'suspect' || parseToldReason(reason).code === 'lost-pieces';
  return doubtful ? text.partners.lastProof(ago) : text.partners.proved(ago);
}

/** Names as their makers write them; what is not here is shown as it came. */
export const properNames = (platform: string): string =>
  platform
    .split(' ')
    .map((word) => text.partners.platforms[word] ?? word)
    .join(' ');

/** What it is and what it runs on, without repeating its name: "Kitchen laptop, Firefox on Linux, in a browser tab". */
export function partnerPlace(
  partner: Pick<PartnerView, 'name' | 'deviceLabel' | 'platform' | 'storageClass'>,
): string {
  const parts = [
    partner.deviceLabel === partner.name ? '' : properNames(partner.deviceLabel),
    properNames(partner.platform),
    text.partners.classes[partner.storageClass] ?? '',
  ];
  return parts.filter((part, index) => part !== '' && parts.indexOf(part) === index).join(', ');
}
