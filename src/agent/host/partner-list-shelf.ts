import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import { parseAccountId } from '../../core/ids.ts';
import type { PartnerList } from '../../core/partnership/partner-list.ts';
import { PARTNER_LISTS_MAX } from '../../core/wire/limits.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { scanAll } from '../store/paging.ts';
import { asBytes, asNumber, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

/** Devices of one account whose lists are kept: one account's flood pushes out no other's. */
const DEVICES_PER_ACCOUNT_MAX = 16;

interface Label {
  readonly key: string;
  readonly account: AccountId;
  /** milliseconds since 1970, by our clock */
  readonly keptAt: number;
  /** by the clock of the device that wrote it */
  readonly writtenAt: number;
}

/** Newest partner lists of members' devices: who holds for them when they are gone. */
export class PartnerListShelf {
  readonly #meta: MetaStore;
  readonly #oneByOne = new Limiter(1);
  /** without the lists themselves, which may be 8 MiB */
  readonly #labels = new Map<string, Label>();

  private constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  static async open(meta: MetaStore, log: Log): Promise<PartnerListShelf> {
    const shelf = new PartnerListShelf(meta);
    for await (const { key, value } of scanAll(meta, TABLES.partnerLists)) {
      try {
        const { keptAt, writtenAt } = readKept(value);
        shelf.#labels.set(key, { key, account: accountOf(key), keptAt, writtenAt });
      } catch (error) {
        log.warn('host.partner-list-damaged', { list: key, message: messageOf(error) });
      }
    }
    return shelf;
  }

  /**
   * Keeps a verified list in the place of the device's former one; resolves when durable.
   * @param how `firsthand`: the device itself gives it, so it counts whatever its clock says; else only when it is newer.
   *   `isMember`: whose lists still count; others go
   */
  put(
    list: PartnerList,
    encoded: Bytes,
    how: {
      readonly now: number;
      readonly firsthand: boolean;
      readonly isMember: (account: AccountId) => boolean;
    },
  ): Promise<void> {
    return this.#oneByOne.run(async () => {
      const { account, device } = list.by;
      const key = `${account}/${device}`;
      const there = this.#labels.get(key);
      if (there !== undefined && !how.firsthand && there.writtenAt >= list.at) return;
      const label: Label = { key, account, keptAt: how.now, writtenAt: list.at };
      const others = [...this.#labels.values()].filter((other) => other.key !== key);
      const own = others.filter((other) => other.account === account);
      const sure = [
        ...others.filter((other) => !how.isMember(other.account)),
        ...beyond(own, DEVICES_PER_ACCOUNT_MAX - 1),
      ];
      const rest = others.filter((other) => !sure.includes(other));
      const gone = [...sure, ...beyond(rest, PARTNER_LISTS_MAX - 1)];
      const value = encodeCbor([label.keptAt, label.writtenAt, encoded]);
      await this.#meta.write([
        { kind: 'put', table: TABLES.partnerLists, key, value },
        ...gone.map((old): MetaOperation => ({ kind: 'delete', table: TABLES.partnerLists, key: old.key })),
      ]);
      for (const old of gone) this.#labels.delete(old.key);
      this.#labels.set(key, label);
    });
  }

  /** Lists of an account's devices, or of all; those kept last first. */
  async list(account: AccountId | undefined): Promise<readonly Bytes[]> {
    const keys = [...this.#labels.values()]
      .filter((label) => account === undefined || label.account === account)
      .sort((a, b) => b.keptAt - a.keptAt)
      .map(({ key }) => key);
    const values = await this.#meta.getMany(TABLES.partnerLists, keys);
    return values.filter((value) => value !== undefined).map((value) => readKept(value).encoded);
  }
}

/** The oldest of those that are more than `max`. */
function beyond(labels: readonly Label[], max: number): readonly Label[] {
  return labels.toSorted((a, b) => b.keptAt - a.keptAt).slice(max);
}

function accountOf(key: string): AccountId {
  const [account, device] = key.split('/');
  if (account === undefined || device === undefined) {
    throw new RoostError('corrupt', 'local record of a partner list has a damaged key');
  }
  return parseAccountId(account);
}

function readKept(value: Bytes): {
  readonly keptAt: number;
  readonly writtenAt: number;
  readonly encoded: Bytes;
} {
  return readRecord('a partner list', value, (fields) => ({
    keptAt: asNumber(fields[0]),
    writtenAt: asNumber(fields[1]),
    encoded: asBytes(fields[2]),
  }));
}
