import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { CooperativeId, DeviceId } from '../../core/ids.ts';
import type { StorageSpace } from '../../ports/blob-store.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Platform } from '../../ports/platform.ts';
import type { DirectoryEntry, Rendezvous } from '../../ports/rendezvous.ts';
import type { RendezvousId } from '../../core/ids.ts';

/** Changes that come together are told together. */
const ANNOUNCE_DELAY_MS = 500;
/** The listing is looked over this often, since free space changes by itself. */
const ANNOUNCE_INTERVAL_MS = 4 * 3_600_000;
/** A broker that is there and refused may think better of it once it has read the roster. */
const ANNOUNCE_RETRY_MS = 5 * 60_000;
/** The broker tells of changes; a list older than this is downloaded again in case it did not. */
const LIST_MAX_AGE_MS = 3_600_000;

export interface DirectoryOptions {
  readonly self: DeviceId;
  readonly cooperative: CooperativeId;
  readonly certificate: Bytes;
  readonly about: Platform['about'];
  readonly rendezvous: Rendezvous;
  readonly clock: Clock;
  readonly log: Log;
  readonly offered: () => number;
  readonly free: () => Promise<number>;
  readonly space: () => Promise<StorageSpace>;
  readonly holdings: () => readonly RendezvousId[];
  readonly onChange: (entries: readonly DirectoryEntry[]) => void;
}

/** The broker's list of devices as last seen, and what this device tells of itself. Works, with old news, while the broker is away. */
export class Directory {
  readonly #options: DirectoryOptions;
  readonly #entries = new Map<DeviceId, DirectoryEntry>();
  readonly #ends: (() => void)[] = [];
  #cancelAnnounce: (() => void) | undefined;
  #told = '';
  /** settles when this device has announced itself on the present connection, or could not */
  #arrival: Promise<void> = Promise.resolve();
  /** when the list was downloaded on the present connection, monotonic */
  #loadedAt: number | undefined;
  #loading: Promise<void> | undefined;
  #stopped = true;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Entries of all other devices of the cooperative. */
  entries(): readonly DirectoryEntry[] {
    return [...this.#entries.values()].filter(({ device }) => device !== this.#options.self);
  }

  get(device: DeviceId): DirectoryEntry | undefined {
    return this.#entries.get(device);
  }

  /** Whether the broker says now that a device is there. */
  isOnline(device: DeviceId): boolean {
    return this.#options.rendezvous.status.online && this.#entries.get(device)?.online === true;
  }

  /** Whether the broker says now that a device is not there. */
  isAbsent(device: DeviceId): boolean {
    const told = this.#options.rendezvous.status.online && this.#loadedAt !== undefined;
    return told && this.#entries.get(device)?.online !== true;
  }

  start(): void {
    const { rendezvous, cooperative } = this.#options;
    this.#stopped = false;
    this.#ends.push(
      rendezvous.onDirectory((of, entries) => {
        if (of === cooperative) this.#take(entries);
      }),
      rendezvous.onStatus(({ online }) => {
        this.#loadedAt = undefined;
        if (!online) return;
        this.#told = '';
        this.#arrival = this.#announce();
        void this.refresh();
      }),
    );
    this.#arrival = this.#announce();
    void this.refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelAnnounce?.();
    for (const end of this.#ends.splice(0)) end();
  }

  /** Downloads the list unless it is young enough. A broker that is away is no fault: the list follows when it is back. */
  async refresh(): Promise<void> {
    const { clock } = this.#options;
    if (this.#loadedAt !== undefined && clock.monotonic() - this.#loadedAt < LIST_MAX_AGE_MS) return;
    this.#loading ??= this.#download().finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  async #download(): Promise<void> {
    const { rendezvous, cooperative, clock, log } = this.#options;
    // The broker answers members alone, and knows them by what they announce.
    await this.#arrival;
    try {
      this.#take(await rendezvous.directory(cooperative));
      if (rendezvous.status.online) this.#loadedAt = clock.monotonic();
    } catch (error) {
      log.debug('network.directory-away', { fault: faultOf(error), message: messageOf(error) });
    }
  }

  /** Space or holdings changed. */
  announceSoon(delayMs = ANNOUNCE_DELAY_MS): void {
    if (this.#stopped) return;
    this.#cancelAnnounce?.();
    this.#cancelAnnounce = this.#options.clock.after(delayMs, () => void this.#announce());
  }

  async #announce(): Promise<void> {
    const { rendezvous, cooperative, certificate, about, log } = this.#options;
    this.announceSoon(ANNOUNCE_INTERVAL_MS);
    try {
      const { storageClass, persisted } = await this.#options.space();
      const { family, system, zone, version } = about;
      const offered = this.#options.offered();
      const free = await this.#options.free();
      const holdings = this.#options.holdings();
      const state = JSON.stringify([offered, free, storageClass, persisted, holdings]);
      if (state === this.#told) return;
      const place = { storageClass, persisted, family, system, zone, version };
      await rendezvous.announce({ cooperative, certificate, offered, free, ...place });
      await rendezvous.announceHoldings(cooperative, holdings);
      this.#told = state;
    } catch (error) {
      log.debug('network.announce-failed', { fault: faultOf(error), message: messageOf(error) });
      if (rendezvous.status.online) this.announceSoon(ANNOUNCE_RETRY_MS);
    }
  }

  #take(entries: readonly DirectoryEntry[]): void {
    if (this.#stopped) return;
    for (const entry of entries) {
      const { certificate } = entry;
      const known = this.#entries.get(entry.device)?.certificate;
      // The same bytes stay the same object, so that what was verified of it is known again (candidates.ts).
      const again = known !== undefined && known !== certificate && equalBytes(known, certificate);
      this.#entries.set(entry.device, again ? { ...entry, certificate: known } : entry);
    }
    this.#options.onChange(entries);
  }
}
