import type { PartnerView } from '../../agent/api.ts';
import { text } from '../text/text.ts';

/** Why a partner is in its state; a reason that has no words yet falls back to the state's own sentence. */
export function partnerSentence(partner: Pick<PartnerView, 'state' | 'reason'>): string {
  const reason = partner.reason === undefined ? undefined : text.partners.reasons[partner.reason];
  return reason ?? text.partners.states[partner.state].sentence;
}

/** What it runs on, for people: "Firefox on Linux, in a browser tab". */
export function partnerPlace(partner: Pick<PartnerView, 'platform' | 'storageClass'>): string {
  return [partner.platform, text.partners.classes[partner.storageClass] ?? ''].filter(Boolean).join(', ');
}
