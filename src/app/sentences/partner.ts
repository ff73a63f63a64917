import type { PartnerView } from '../../agent/api.ts';
import { formatAgo } from '../text/format.ts';
import { text } from '../text/text.ts';

/** A reason is a code, and where it matters since when: `silent:1760000000000`. */
function reasonOf(reason: string): { readonly code: string; readonly since: number | undefined } {
  const [code = '', since] = reason.split(':');
  const at = Number(since);
  return { code, since: since !== undefined && Number.isFinite(at) ? at : undefined };
}

/** Why a partner is in its state; a reason that has no words yet falls back to the state's own sentence. */
export function partnerSentence(partner: Pick<PartnerView, 'state' | 'reason'>, now: number): string {
  const { code, since } = reasonOf(partner.reason ?? '');
  const sentence = text.partners.reasons[code];
  return (
    sentence?.(since === undefined ? undefined : formatAgo(since, now)) ??
    text.partners.states[partner.state].sentence
  );
}

/** Names as their makers write them; what is not here is shown as it came. */
const properNames = (platform: string): string =>
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
