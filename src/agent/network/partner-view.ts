import type { DeviceId } from '../../core/ids.ts';
import type { RosterState } from '../../core/roster/types.ts';
import { THIS_COMPUTER } from '../../core/wire/broker-records.ts';
import type { PartnerState } from '../api.ts';
import { failureDomains } from '../partners/failure-domains.ts';
import { oddsOf } from '../partners/odds.ts';
import type { BookEntry } from './agreement-book.ts';
import type { Directory } from './directory.ts';
import type { PartnerBook } from './partner-book.ts';
import type { PartnerRecord } from './partner-record.ts';
import type { Partner } from './types.ts';

export interface PartnerSources {
  readonly self: DeviceId;
  readonly now: number;
  readonly roster: RosterState;
  /** undefined before the start */
  readonly directory: Directory | undefined;
  readonly records: PartnerBook;
  readonly isConnected: (device: DeviceId) => boolean;
}

/** A partner as the rest of the agent and people see it. */
export function partnerView(entry: BookEntry, sources: PartnerSources): Partner {
  const { directory, records, isConnected, self, roster, now } = sources;
  const { device, account } = entry.theirs;
  const record = records.get(device);
  const listing = directory?.get(device);
  const connected = isConnected(device);
  // As the broker saw us last, when it is away.
  const ours = directory?.get(self)?.neighbourhood ?? records.get(self).neighbourhood;
  const neighbourhood = listing?.neighbourhood ?? (record.neighbourhood || undefined);
  const platform = listing ? `${listing.family} on ${listing.system}` : record.platform;
  const storageClass = listing?.storageClass ?? record.storageClass;
  return {
    device,
    account,
    agreement: entry.agreement,
    adopted: entry.adopted,
    ...standingOf(entry, record, roster),
    online: connected || directory?.isOnline(device) === true,
    lastSeenAt: connected ? now : record.lastSeenAt || undefined,
    deviceLabel: record.deviceLabel,
    platform,
    storageClass,
    neighbourhood,
    sameComputer: neighbourhood === THIS_COMPUTER && ours === THIS_COMPUTER,
    odds: oddsOf(record, entry.agreement.graceDays, now, records.departuresPerYear),
    domains: failureDomains({ account, platform, neighbourhood, roster }),
    exempt: storageClass === 'appliance',
  };
}

/** Each device once: a partner may have agreements with several devices of the account, and this one's own comes first. */
export function onePerDevice(partners: readonly Partner[]): readonly Partner[] {
  const seen = new Map<DeviceId, Partner>();
  for (const partner of partners) {
    const known = seen.get(partner.device);
    if (known === undefined || (known.adopted && !partner.adopted)) seen.set(partner.device, partner);
  }
  return [...seen.values()];
}

/** State, and why as `code:milliseconds since 1970` (the code alone where no time belongs to it); of a silent one when it was last heard. */
function standingOf(
  { theirs, endedAt }: BookEntry,
  { standing, lastSeenAt, lastProofAt, lostAt }: PartnerRecord,
  roster: RosterState,
): { readonly state: PartnerState; readonly reason: string | undefined } {
  if (!roster.members.has(theirs.account)) return { state: 'departed', reason: 'no-member' };
  const { state, reason, since } = standing;
  if (endedAt > 0 && state !== 'reneged' && state !== 'evicted') {
    return { state: 'departed', reason: `ended:${endedAt}` };
  }
  if (reason === 'silent' && lastSeenAt > 0)
    return { state, reason: `silent:${Math.min(lastSeenAt, since)}` };
  if (state === 'active' && reason === 'none' && lostAt > lastProofAt)
    return { state, reason: `lost-pieces:${lostAt}` };
  return { state, reason: reason === 'none' ? undefined : `${reason}:${since}` };
}
