import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { asNumber, asText, readRecord, scanAll } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

/** What is remembered of another device between sessions. */
export interface PartnerRecord {
  /** milliseconds since 1970; 0 while never connected */
  readonly lastSeenAt: number;
  /** since when it cannot be reached; 0 while it can */
  readonly silentSince: number;
  /** when it said that it knows no agreement with us any more; 0 while it does */
  readonly evictedAt: number;
  readonly deviceLabel: string;
  readonly platform: string;
  readonly storageClass: string;
  readonly neighbourhood: string;
}

const UNKNOWN: PartnerRecord = {
  lastSeenAt: 0,
  silentSince: 0,
  evictedAt: 0,
  deviceLabel: '',
  platform: '',
  storageClass: '',
  neighbourhood: '',
};

/** Remembered devices. Losing the newest change in a crash costs nothing, so writes are not waited for. */
export class PartnerBook {
  readonly #meta: MetaStore;
  readonly #log: Log;
  readonly #records = new Map<DeviceId, PartnerRecord>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(meta: MetaStore, log: Log) {
    this.#meta = meta;
    this.#log = log;
  }

  static async open(meta: MetaStore, log: Log): Promise<PartnerBook> {
    const book = new PartnerBook(meta, log);
    for await (const { key, value } of scanAll(meta, TABLES.partners)) {
      book.#records.set(parseDeviceId(key), decode(value));
    }
    return book;
  }

  get(device: DeviceId): PartnerRecord {
    return this.#records.get(device) ?? UNKNOWN;
  }

  /** @returns whether anything changed */
  update(device: DeviceId, change: Partial<PartnerRecord>): boolean {
    const before = this.get(device);
    const after = { ...before, ...change };
    const fields = Object.keys(after) as (keyof PartnerRecord)[];
    if (fields.every((field) => before[field] === after[field])) return false;
    this.#records.set(device, after);
    const value = encode(after);
    this.#writing = this.#writing.then(() => this.#write(device, value));
    return true;
  }

  /** Resolves when all is written that was remembered before the call. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #write(device: DeviceId, value: Bytes): Promise<void> {
    try {
      await this.#meta.write([{ kind: 'put', table: TABLES.partners, key: device, value }], {
        durable: false,
      });
    } catch (error) {
      this.#log.warn('network.partner-not-written', { device, message: messageOf(error) });
    }
  }
}

function encode(record: PartnerRecord): Bytes {
  const { lastSeenAt, silentSince, evictedAt, deviceLabel, platform, storageClass, neighbourhood } = record;
  return encodeCbor([lastSeenAt, silentSince, evictedAt, deviceLabel, platform, storageClass, neighbourhood]);
}

function decode(value: Bytes): PartnerRecord {
  return readRecord('a partner', value, (fields) => ({
    lastSeenAt: asNumber(fields[0]),
    silentSince: asNumber(fields[1]),
    evictedAt: asNumber(fields[2]),
    deviceLabel: asText(fields[3]),
    platform: asText(fields[4]),
    storageClass: asText(fields[5]),
    neighbourhood: asText(fields[6]),
  }));
}
