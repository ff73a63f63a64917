import type { Bytes } from '../bytes.ts';
import type { CooperativeId, DeviceId } from '../ids.ts';
import { cooperativeIdFromBytes, deviceIdFromBytes, idBytes } from '../ids.ts';
import { CERTIFICATE_MAX_BYTES, TIME_MAX_MS } from '../limits.ts';
import type { Fields, Item } from '../schema.ts';
import { ICE_SERVERS_MAX, ICE_TEXT_MAX_BYTES, LISTING_TEXT_MAX_BYTES } from './broker-limits.ts';

/** The neighbourhood of devices that reach the broker over loopback: all of them are one computer. */
export const THIS_COMPUTER = '0000000000000000';

/** What a device tells about itself; the port's Listing. */
export interface ListingRecord {
  readonly cooperative: CooperativeId;
  readonly certificate: Bytes;
  readonly offered: number;
  readonly free: number;
  readonly storageClass: 'tab' | 'installed' | 'appliance';
  readonly persisted: boolean;
  readonly family: string;
  readonly system: string;
  readonly zone: number;
  readonly version: string;
}

/** The same with what the broker saw; the port's DirectoryEntry. */
export interface DirectoryRecord extends ListingRecord {
  readonly device: DeviceId;
  readonly online: boolean;
  readonly reliability: number;
  readonly neighbourhood: string;
  readonly seenAt: number;
}

export interface FoundRecord {
  readonly cooperative: CooperativeId;
  readonly device: DeviceId;
  readonly online: boolean;
}

/** As RTCPeerConnection takes it. */
export interface IceServer {
  readonly urls: string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Minutes east of UTC: real zones lie within 14 hours. */
const ZONE_MAX_MINUTES = 16 * 60;

export function listingValue(listing: ListingRecord) {
  const { certificate, offered, free, storageClass, persisted, family, system, zone, version } = listing;
  const cooperative = idBytes(listing.cooperative);
  return { cooperative, certificate, offered, free, storageClass, persisted, family, system, zone, version };
}

export const readListing = (item: Item): ListingRecord => item.map(listingFields);

export function directoryValue(entry: DirectoryRecord) {
  const { online, reliability, neighbourhood, seenAt } = entry;
  return {
    ...listingValue(entry),
    device: idBytes(entry.device),
    online,
    reliability,
    neighbourhood,
    seenAt,
  };
}

export const readDirectoryEntry = (item: Item): DirectoryRecord =>
  item.map((field) => ({
    ...listingFields(field),
    device: field('device').id(deviceIdFromBytes),
    online: field('online').boolean(),
    reliability: field('reliability').number(0, 1),
    neighbourhood: field('neighbourhood').text(LISTING_TEXT_MAX_BYTES),
    seenAt: field('seenAt').uint(TIME_MAX_MS),
  }));

export function foundValue(found: FoundRecord) {
  return { cooperative: idBytes(found.cooperative), device: idBytes(found.device), online: found.online };
}

export const readFound = (item: Item): FoundRecord =>
  item.map((field) => ({
    cooperative: field('cooperative').id(cooperativeIdFromBytes),
    device: field('device').id(deviceIdFromBytes),
    online: field('online').boolean(),
  }));

export const readIceServer = (item: Item): IceServer =>
  item.map((field) => {
    const urls = field('urls').list(ICE_SERVERS_MAX, (url) => url.text(ICE_TEXT_MAX_BYTES));
    const username = field.optional('username')?.text(ICE_TEXT_MAX_BYTES);
    const credential = field.optional('credential')?.text(ICE_TEXT_MAX_BYTES);
    return {
      urls,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    };
  });

function listingFields(field: Fields): ListingRecord {
  const zone = field('zone');
  const minutes = zone.number(-ZONE_MAX_MINUTES, ZONE_MAX_MINUTES);
  if (!Number.isInteger(minutes)) throw zone.not('whole minutes');
  return {
    cooperative: field('cooperative').id(cooperativeIdFromBytes),
    certificate: field('certificate').bytes({ max: CERTIFICATE_MAX_BYTES }),
    offered: field('offered').uint(),
    free: field('free').uint(),
    storageClass: field('storageClass').oneOf(['tab', 'installed', 'appliance']),
    persisted: field('persisted').boolean(),
    family: field('family').text(LISTING_TEXT_MAX_BYTES),
    system: field('system').text(LISTING_TEXT_MAX_BYTES),
    zone: minutes,
    version: field('version').text(LISTING_TEXT_MAX_BYTES),
  };
}
