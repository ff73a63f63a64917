import { messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { silentDeparturesPerYear } from '../../core/placement/priors.ts';
import { scanAll } from '../store/paging.ts';
import { TABLES } from '../store/tables.ts';
import type { PartnerRecord } from './partner-record.ts';
import { UNKNOWN_PARTNER, decodePartnerRecord, encodePartnerRecord } from './partner-record.ts';

/**
 * Remembered devices. Losing the newest change in a crash costs nothing but time that is watched again, so writes are not waited for,
 * and what changes all the time (`note`) is written with the next change that matters, or by `save`.
 */
export class PartnerBook {
  readonly #meta: MetaStore;
  readonly #log: Log;
  readonly #records = new Map<DeviceId, PartnerRecord>();
  readonly #unsaved = new Set<DeviceId>();
  #writing: Promise<void> = Promise.resolve();
  /** worked out again when a partner's standing changes, and with each `save`, for time goes by */
  #departures: number | undefined;

  private constructor(meta: MetaStore, log: Log) {
    this.#meta = meta;
    this.#log = log;
  }

  /** A damaged record is forgotten: it only holds what is learned again. */
  static async open(meta: MetaStore, log: Log): Promise<PartnerBook> {
    const book = new PartnerBook(meta, log);
    for await (const { key, value } of scanAll(meta, TABLES.partners)) {
      try {
        book.#records.set(parseDeviceId(key), decodePartnerRecord(value));
      } catch (error) {
        log.warn('network.partner-unreadable', { device: key, message: messageOf(error) });
      }
    }
    return book;
  }

  get(device: DeviceId): PartnerRecord {
    return this.#records.get(device) ?? UNKNOWN_PARTNER;
  }

  /** How often partners go without a word (core/placement/priors.ts). */
  get departuresPerYear(): number {
    this.#departures ??= this.#countDepartures();
    return this.#departures;
  }

  #countDepartures(): number {
    let departed = 0;
    let watchedMs = 0;
    for (const { standing, watchedMs: watched } of this.#records.values()) {
      if (standing.state === 'reneged' && standing.reason === 'reneged-silent') departed++;
      watchedMs += watched;
    }
    return silentDeparturesPerYear(departed, watchedMs);
  }

  /** @returns whether anything changed */
  update(device: DeviceId, change: Partial<PartnerRecord>): boolean {
    if (!this.note(device, change)) return false;
    this.#save([device]);
    return true;
  }

  /** As `update`, but written later. */
  note(device: DeviceId, change: Partial<PartnerRecord>): boolean {
    const before = this.get(device);
    const fields = Object.keys(change) as (keyof PartnerRecord)[];
    if (fields.every((field) => before[field] === change[field])) return false;
    this.#records.set(device, { ...before, ...change });
    this.#unsaved.add(device);
    if (change.standing !== undefined) this.#departures = undefined;
    return true;
  }

  /** Writes what was only noted. */
  save(): void {
    this.#departures = undefined;
    this.#save([...this.#unsaved]);
  }

  /** Resolves when all is written that was remembered before the call. */
  async settled(): Promise<void> {
    this.save();
    await this.#writing;
  }

  #save(devices: readonly DeviceId[]): void {
    if (devices.length === 0) return;
    const rows = devices.map((device): MetaOperation => {
      this.#unsaved.delete(device);
      const value = encodePartnerRecord(this.get(device));
      return { kind: 'put', table: TABLES.partners, key: device, value };
    });
    this.#writing = this.#writing.then(() => this.#write(rows));
  }

  async #write(rows: readonly MetaOperation[]): Promise<void> {
    try {
      await this.#meta.write(rows, { durable: false });
    } catch (error) {
      this.#log.warn('network.partners-not-written', { partners: rows.length, message: messageOf(error) });
    }
  }
}
