import type { BookEntry } from './agreement-book.ts';
import type { PartnerSources } from './partner-view.ts';

/**
 * All that makes a partner's view look different, as one text that costs little to make and to compare. Without what changes with time
 * alone (last seen, odds) and what the roster decides, of which every change is told.
 */
export function glimpseOf(entry: BookEntry, sources: PartnerSources): string {
  const { directory, records, isConnected } = sources;
  const { device } = entry.theirs;
  const { deviceLabel, standing, ...kept } = records.get(device);
  const listing = directory?.get(device);
  const { storageClass, neighbourhood } = listing ?? kept;
  const platform = listing ? `${listing.family} on ${listing.system}` : kept.platform;
  return [
    entry.agreement.id,
    entry.adopted,
    entry.endedAt,
    standing.state,
    standing.reason,
    standing.since,
    isConnected(device),
    directory?.isOnline(device) === true,
    deviceLabel,
    platform,
    storageClass,
    neighbourhood,
  ].join('\t');
}
