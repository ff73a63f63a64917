import type { DeviceId } from '../../core/ids.ts';
import type { RosterState } from '../../core/roster/types.ts';
import { THIS_COMPUTER } from '../../core/wire/broker-records.ts';
import type { PartnerState } from '../api.ts';
import type { BookEntry } from './agreement-book.ts';
import type { Directory } from './directory.ts';
import type { PartnerBook, PartnerRecord } from './partner-book.ts';
import type { Partner } from './types.ts';

/** A partner that cannot be reached for longer than this is shown as suspect. */
export const SUSPECT_AFTER_MS = 3_600_000;

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
  const { directory, records, isConnected, self } = sources;
  const { device, account } = entry.theirs;
  const record = records.get(device);
  const listing = directory?.get(device);
  const connected = isConnected(device);
  const neighbourhood = listing?.neighbourhood ?? (record.neighbourhood || undefined);
  return {
    device,
    account,
    agreement: entry.agreement,
    adopted: entry.adopted,
    ...standing(entry, record, connected, sources),
    online: connected || directory?.isOnline(device) === true,
    lastSeenAt: connected ? sources.now : record.lastSeenAt || undefined,
    deviceLabel: record.deviceLabel,
    platform: listing ? `${listing.family} on ${listing.system}` : record.platform,
    storageClass: listing?.storageClass ?? record.storageClass,
    neighbourhood,
    sameComputer: neighbourhood === THIS_COMPUTER && directory?.get(self)?.neighbourhood === THIS_COMPUTER,
  };
}

/** State, and why as `code:milliseconds since 1970` (the code alone where no time belongs to it). */
function standing(
  { theirs }: BookEntry,
  record: PartnerRecord,
  connected: boolean,
  { roster, now }: PartnerSources,
): { readonly state: PartnerState; readonly reason: string | undefined } {
  if (!roster.members.has(theirs.account)) return { state: 'departed', reason: 'no-member' };
  if (record.evictedAt > 0) return { state: 'evicted', reason: `evicted:${record.evictedAt}` };
  const silent = !connected && record.silentSince > 0 && now - record.silentSince > SUSPECT_AFTER_MS;
  if (silent) return { state: 'suspect', reason: `silent:${record.silentSince}` };
  return { state: 'active', reason: undefined };
}
