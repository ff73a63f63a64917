import type { PartnerView } from '../../agent/api.ts';
import { formatAgo, formatDate, formatMoment } from '../text/format.ts';
import { text } from '../text/text.ts';

interface Reason {
  readonly code: string;
  /** milliseconds since 1970 */
  readonly at: number | undefined;
}

/** A reason is a code, and where it matters a time: `silent:1760000000000`. */
export function reasonOf(partner: Pick<PartnerView, 'reason'>): Reason {
  const [code = '', time] = (partner.reason ?? '').split(':');
  const at = Number(time);
  return { code, at: time !== undefined && Number.isFinite(at) ? at : undefined };
}

/** What the chip says: the state, or the reason where the state's name would not be the truth. */
export function partnerLabel(partner: Pick<PartnerView, 'state' | 'reason'>): string {
  const label = partner.state === 'suspect' ? text.partners.reasonLabels[reasonOf(partner).code] : undefined;
  return label ?? text.partners.states[partner.state].label;
}

/** Why it is in its state and what happens next; a reason that has no words yet falls back to the state's own sentence. */
export function partnerSentence(
  partner: Pick<PartnerView, 'state' | 'reason' | 'graceEndsAt' | 'held' | 'lastProofAt'>,
  now: number,
): string {
  const { code, at } = reasonOf(partner);
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
  // A promise is kept once that was proved.
  if (partner.state === 'active' && partner.lastProofAt === undefined) {
    return partner.held > 0 ? text.partners.holds : text.partners.ready;
  }
  return text.partners.states[partner.state].sentence;
}

/** When it last proved that it keeps our pieces; nothing about a partner that has nothing to prove. */
export function proofSentence(
  partner: Pick<PartnerView, 'state' | 'held' | 'lastProofAt'>,
  now: number,
): string | undefined {
  if (partner.state !== 'active' && partner.state !== 'suspect' && partner.state !== 'leaving')
    return undefined;
  if (partner.lastProofAt === undefined) return partner.held > 0 ? text.partners.notProved : undefined;
  const ago = formatAgo(partner.lastProofAt, now);
  return partner.state === 'suspect' ? text.partners.lastProof(ago) : text.partners.proved(ago);
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
