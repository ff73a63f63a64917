import { randomBytes } from 'node:crypto';
import type { Bytes } from '../src/core/bytes.ts';
import { encodeCbor } from '../src/core/cbor.ts';
import type { CryptoSuite } from '../src/core/crypto/suite.ts';
import { RoostError } from '../src/core/errors.ts';
import { verifyCertificate } from '../src/core/identity/certificate.ts';
import type { AccountId, CooperativeId, DeviceId } from '../src/core/ids.ts';
import { accountIdFromBytes, idBytes, parseCooperativeId, parseDeviceId } from '../src/core/ids.ts';
import { KIB } from '../src/core/limits.ts';
import { readCbor } from '../src/core/schema.ts';
import { decodeUtf8, encodeUtf8 } from '../src/core/utf8.ts';
import { DIRECTORY_ENTRY_MAX_BYTES, LISTING_TEXT_MAX_BYTES } from '../src/core/wire/broker-limits.ts';
import type { DirectoryRecord, ListingRecord } from '../src/core/wire/broker-records.ts';
import { listingValue, readListing } from '../src/core/wire/broker-records.ts';
import { neighbourhoodOf } from './address.ts';
import type { Engine } from './engine.ts';
import { LISTING_KEEP_MS, MEMBERSHIPS_PER_DEVICE } from './limits.ts';
import type { Presence } from './presence.ts';
import type { Rosters } from './rosters.ts';

const TOPIC = 'directory';
const STORED_MAX_BYTES = DIRECTORY_ENTRY_MAX_BYTES + KIB;
const NOTHING: Bytes = new Uint8Array(0);

interface StoredListing {
  readonly listing: ListingRecord;
  readonly account: AccountId;
  readonly neighbourhood: string;
}

/** Who wants to know what changes in the directories of some cooperatives. */
export interface DirectoryWatcher {
  changed(cooperative: CooperativeId, device: DeviceId): void;
}

/** The live list of each cooperative: what its devices say of themselves, and what we saw of them. */
export class Directory {
  readonly #engine: Engine;
  readonly #suite: CryptoSuite;
  readonly #rosters: Rosters;
  readonly #presence: Presence;
  readonly #now: () => number;
  readonly #secret: Bytes;
  readonly #watchers = new Map<CooperativeId, Set<DirectoryWatcher>>();

  private constructor(parts: DirectoryParts, secret: Bytes, onFault: (error: unknown) => void) {
    this.#engine = parts.engine;
    this.#suite = parts.suite;
    this.#rosters = parts.rosters;
    this.#presence = parts.presence;
    this.#now = parts.now;
    this.#secret = secret;
    this.#presence.onChange((device) => void this.#presenceChanged(device).catch(onFault));
    this.#engine.subscribe(TOPIC, (message) => {
      const [cooperative = '', device = ''] = decodeUtf8(message).split('/');
      this.#tell(parseCooperativeId(cooperative), parseDeviceId(device));
    });
  }

  static async open(parts: DirectoryParts, onFault: (error: unknown) => void): Promise<Directory> {
    return new Directory(parts, await neighbourhoodSecret(parts.engine), onFault);
  }

  /**
   * Lists a device.
   * @param address as we see it; only its keyed hash is kept
   * @throws RoostError 'not-found' when we do not have the roster, 'refused' | 'corrupt' | 'malformed' | 'full'
   */
  async announce(device: DeviceId, address: string, listing: ListingRecord): Promise<void> {
    const { cooperative } = listing;
    const now = this.#now();
    const certificate = await verifyCertificate(this.#suite, listing.certificate, now);
    if (certificate.device !== device) {
      throw new RoostError(
        'refused',
        'certificate must be for the device that announces itself, got another',
      );
    }
    await this.#requireMember(cooperative, certificate.account);
    const memberships = await this.#memberships(device);
    if (!memberships.includes(cooperative) && memberships.length >= MEMBERSHIPS_PER_DEVICE) {
      throw new RoostError('full', `a device may be listed in ${MEMBERSHIPS_PER_DEVICE} cooperatives`);
    }
    const neighbourhood = neighbourhoodOf(this.#secret, cooperative, address);
    const keep = { expiresAt: now + LISTING_KEEP_MS };
    const stored = encodeStored({ listing, account: certificate.account, neighbourhood });
    await this.#engine.put('listing', `${cooperative}/${device}`, stored, keep);
    await this.#engine.put('membership', `${device}/${cooperative}`, NOTHING, keep);
    this.#engine.publish(TOPIC, encodeUtf8(`${cooperative}/${device}`));
  }

  /** @throws RoostError 'refused' when the device is not listed, or its account not (or no longer) on the roster */
  async requireListed(cooperative: CooperativeId, device: DeviceId): Promise<void> {
    const stored = await this.#stored(cooperative, device);
    if (stored === undefined) {
      throw new RoostError(
        'refused',
        'only members may ask this: announce a listing in this cooperative first',
      );
    }
    await this.#requireMember(cooperative, stored.account);
  }

  /** Whether the device is a member of any cooperative we know. */
  async isAnyMember(device: DeviceId): Promise<boolean> {
    for (const cooperative of await this.#memberships(device)) {
      const account = (await this.#stored(cooperative, device))?.account;
      if (account !== undefined && (await this.#rosters.state(cooperative))?.members.has(account))
        return true;
    }
    return false;
  }

  /** A page of a cooperative's devices in the order of their ids. */
  async page(
    cooperative: CooperativeId,
    after: DeviceId | undefined,
    limit: number,
  ): Promise<{ readonly entries: readonly DirectoryRecord[]; readonly next: DeviceId | undefined }> {
    const rows = await this.#engine.list('listing', {
      prefix: `${cooperative}/`,
      ...(after === undefined ? {} : { after: `${cooperative}/${after}` }),
      limit: limit + 1,
    });
    const devices = rows.slice(0, limit).map(({ key }) => parseDeviceId(key.slice(cooperative.length + 1)));
    const entries = await Promise.all(devices.map((device) => this.entry(cooperative, device)));
    return {
      entries: entries.filter((entry) => entry !== undefined),
      next: rows.length > limit ? devices.at(-1) : undefined,
    };
  }

  /** One device's entry; undefined when it is not listed or its account is no member any more. */
  async entry(cooperative: CooperativeId, device: DeviceId): Promise<DirectoryRecord | undefined> {
    const stored = await this.#stored(cooperative, device);
    if (stored === undefined) return undefined;
    const roster = await this.#rosters.state(cooperative);
    if (!roster?.members.has(stored.account)) return undefined;
    const { listing, neighbourhood } = stored;
    const online = await this.#presence.online(device);
    return { ...listing, device, online, neighbourhood, ...(await this.#presence.record(device)) };
  }

  /** Tells the watcher of changes until the returned function is called. */
  watch(cooperative: CooperativeId, watcher: DirectoryWatcher): () => void {
    const watchers = this.#watchers.get(cooperative) ?? new Set();
    this.#watchers.set(cooperative, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(cooperative) === watchers)
        this.#watchers.delete(cooperative);
    };
  }

  async #presenceChanged(device: DeviceId): Promise<void> {
    for (const cooperative of await this.#memberships(device)) this.#tell(cooperative, device);
  }

  #tell(cooperative: CooperativeId, device: DeviceId): void {
    for (const watcher of this.#watchers.get(cooperative) ?? []) watcher.changed(cooperative, device);
  }

  async #requireMember(cooperative: CooperativeId, account: AccountId): Promise<void> {
    const roster = await this.#rosters.state(cooperative);
    if (roster === undefined) {
      throw new RoostError('not-found', 'the broker does not have the roster of this cooperative');
    }
    if (!roster.members.has(account)) {
      throw new RoostError('refused', 'the account is not on the roster of this cooperative');
    }
  }

  async #memberships(device: DeviceId): Promise<readonly CooperativeId[]> {
    const rows = await this.#engine.list('membership', {
      prefix: `${device}/`,
      limit: MEMBERSHIPS_PER_DEVICE,
    });
    return rows.map(({ key }) => parseCooperativeId(key.slice(device.length + 1)));
  }

  async #stored(cooperative: CooperativeId, device: DeviceId): Promise<StoredListing | undefined> {
    const row = await this.#engine.get('listing', `${cooperative}/${device}`);
    return row === undefined ? undefined : decodeStored(row.value);
  }
}

export interface DirectoryParts {
  readonly engine: Engine;
  readonly suite: CryptoSuite;
  readonly rosters: Rosters;
  readonly presence: Presence;
  readonly now: () => number;
}

async function neighbourhoodSecret(engine: Engine): Promise<Bytes> {
  await engine.compareAndSwap('secret', 'neighbourhood', 0, new Uint8Array(randomBytes(32)));
  const row = await engine.get('secret', 'neighbourhood');
  if (row === undefined)
    throw new RoostError('internal', 'the neighbourhood key was written and is not there');
  return row.value;
}

const encodeStored = ({ listing, account, neighbourhood }: StoredListing): Bytes =>
  encodeCbor({ listing: listingValue(listing), account: idBytes(account), neighbourhood });

const decodeStored = (bytes: Bytes): StoredListing =>
  readCbor(bytes, STORED_MAX_BYTES, 'stored listing', (item) =>
    item.map((field) => ({
      listing: readListing(field('listing')),
      account: field('account').id(accountIdFromBytes),
      neighbourhood: field('neighbourhood').text(LISTING_TEXT_MAX_BYTES),
    })),
  );
