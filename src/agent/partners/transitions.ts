import type { DeviceId } from '../../core/ids.ts';
import type { Standing } from '../../core/partnership/state.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import { standingTerms } from './patience.ts';
import type { Tell } from './tell.ts';
import type { Transition } from './standings.ts';

const HOUR_MS = 3_600_000;

/** Puts every transition into the activity log, with its reason. */
export function tellTransitions(
  { device, from, to }: Transition,
  parts: {
    readonly cooperation: OpenCooperation;
    readonly nameOf: (device: DeviceId) => string;
    readonly tell: Tell;
  },
): void {
  const { cooperation, nameOf, tell } = parts;
  // Contact ends the silence; who then still had to prove its pieces was away for its patience and its grace so far.
  const hoursAway = ({ reason, silentMs, graceUsedMs }: Standing): number => {
    if (reason !== 'silent') return 0;
    const { patienceMs } = standingTerms(cooperation.records.get(device).storageClass, 0);
    return Math.round(Math.max(silentMs, patienceMs + graceUsedMs) / HOUR_MS);
  };
  const name = nameOf(device);
  const { reason } = to;
  switch (to.state) {
    case 'active':
      if (from.state === 'suspect') tell('partner-back', { device, name, away: hoursAway(from) });
      else tell('partner-state', { device, name, from: from.state, to: to.state, reason });
      return;
    case 'suspect': {
      const days = cooperation.agreements.with(device)[0]?.agreement.graceDays ?? 0;
      tell('partner-suspect', { device, name, reason, days }, 'warning');
      return;
    }
    case 'reneged':
      tell('partner-reneged', { device, name, reason }, 'problem');
      return;
    case 'leaving':
      tell('leaving', { device, name, until: to.since }, 'warning');
      return;
    case 'evicted':
      tell('partner-lost-pieces', { device, name, pieces: 0, cause: 'evicted' }, 'warning');
      return;
    default:
      to.state satisfies never;
  }
}
