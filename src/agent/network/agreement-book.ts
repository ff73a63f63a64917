import { readKeptAgreement, verifyAgreement } from '../../core/agreement/agreement.ts';
import type { Agreement, AgreementSide } from '../../core/agreement/types.ts';
import type { Bytes } from '../../core/bytes.ts';
import { compareBytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../../core/ids.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { scanAll } from '../store/paging.ts';
import { asBytes, asNumber, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

/** Former agreements are kept for puts under way and rows held; a partner that renews all day must not fill the book. */
const KEPT_PER_DEVICE = 8;

/** An agreement as this device sees it. */
export interface BookEntry {
  readonly agreement: Agreement;
  /** signed by both */
  readonly encoded: Bytes;
  /** our account's side: this device, or with `adopted` another device of the account */
  readonly ours: AgreementSide;
  readonly theirs: AgreementSide;
  readonly adopted: boolean;
  /** milliseconds since 1970 from which it is over before its time: one side left or reneged; 0 while it is good */
  readonly endedAt: number;
}

export interface BookOptions {
  readonly meta: MetaStore;
  readonly crypto: CryptoSuite;
  readonly log: Log;
  readonly cooperative: CooperativeId;
  readonly self: { readonly device: DeviceId; readonly account: AccountId };
}

/** All agreements of this device, and those it adopted from other devices of its account. Durable before it is told. */
export class AgreementBook {
  readonly #options: BookOptions;
  readonly #entries = new Map<AgreementId, BookEntry>();
  /** asked for all the time, and changed hardly ever */
  #sorted: SortedEntries | undefined;

  private constructor(options: BookOptions) {
    this.#options = options;
  }

  static async open(options: BookOptions): Promise<AgreementBook> {
    const book = new AgreementBook(options);
    for await (const { key, value } of scanAll(options.meta, TABLES.agreements)) {
      try {
        const { encoded, endedAt } = readRecord('an agreement', value, (fields) => ({
          encoded: asBytes(fields[0]),
          endedAt: fields[1] === undefined ? 0 : asNumber(fields[1]),
        }));
        const agreement = await readKeptAgreement(options.crypto, encoded);
        if (agreement.id !== key)
          throw new RoostError('corrupt', `agreement must be ${key}, got ${agreement.id}`);
        book.#set({ ...book.#entryOf(agreement, encoded), endedAt });
      } catch (error) {
        options.log.warn('network.agreement-unreadable', { agreement: key, message: messageOf(error) });
      }
    }
    return book;
  }

  all(): readonly BookEntry[] {
    return this.#sort().all;
  }

  get(id: AgreementId): BookEntry | undefined {
    return this.#entries.get(id);
  }

  /** The entry of these very bytes. */
  find(encoded: Bytes): BookEntry | undefined {
    return this.all().find((entry) => compareBytes(entry.encoded, encoded) === 0);
  }

  /** Agreements between this very device and another, newest first. The newest rules; rows of the others stay reachable. */
  with(device: DeviceId): readonly BookEntry[] {
    return this.#sort().byDevice.get(device) ?? [];
  }

  /** The newest agreement with each other device; adopted ones are left out. */
  ruling(): readonly BookEntry[] {
    return this.#sort().ruling;
  }

  /** The newest adopted agreement of each pair of devices. */
  adopted(): readonly BookEntry[] {
    return this.#sort().adopted;
  }

  /** Whether there is any agreement with a device, of this or another device of the account. */
  knows(device: DeviceId): boolean {
    return this.#sort().devices.has(device);
  }

  #sort(): SortedEntries {
    this.#sorted ??= sortEntries([...this.#entries.values()]);
    return this.#sorted;
  }

  /**
   * Verifies an agreement and keeps it.
   * @throws RoostError 'malformed' | 'corrupt' | 'refused' (another cooperative, or neither side is ours) | 'full'
   */
  async add(encoded: Bytes): Promise<BookEntry> {
    const entry = await this.read(encoded);
    const known = this.#entries.get(entry.agreement.id);
    if (known) return known;
    await this.#options.meta.write([
      { kind: 'put', table: TABLES.agreements, key: entry.agreement.id, value: encodeCbor([encoded]) },
    ]);
    this.#set(entry);
    return entry;
  }

  #set(entry: BookEntry): void {
    this.#entries.set(entry.agreement.id, entry);
    this.#sorted = undefined;
  }

  /** Ends all agreements with a device, durably: nothing new is put under them, by either side. */
  async end(device: DeviceId, at: number): Promise<void> {
    const ending = this.with(device).filter(({ endedAt }) => endedAt === 0);
    if (ending.length === 0) return;
    await this.#options.meta.write(
      ending.map(({ agreement, encoded }) => ({
        kind: 'put',
        table: TABLES.agreements,
        key: agreement.id,
        value: encodeCbor([encoded, at]),
      })),
    );
    for (const entry of ending) this.#set({ ...entry, endedAt: at });
  }

  /** Forgets agreements that are over and under which nothing is kept any more. */
  async forget(ids: readonly AgreementId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#options.meta.write(ids.map((key) => ({ kind: 'delete', table: TABLES.agreements, key })));
    for (const id of ids) this.#entries.delete(id);
    this.#sorted = undefined;
  }

  /** Forgets the oldest of many agreements with one device, save those for which `keep` says otherwise. */
  async prune(device: DeviceId, keep: (id: AgreementId) => boolean): Promise<void> {
    const old = this.with(device).slice(KEPT_PER_DEVICE);
    const gone = old.map(({ agreement }) => agreement.id).filter((id) => !keep(id));
    await this.forget(gone);
  }

  /** Verifies an agreement and says whose it is, without keeping it. @throws RoostError as `add`, but for 'full' */
  async read(encoded: Bytes): Promise<BookEntry> {
    return this.#entryOf(await verifyAgreement(this.#options.crypto, encoded), encoded);
  }

  /** @throws RoostError 'refused' */
  #entryOf(agreement: Agreement, encoded: Bytes): BookEntry {
    const { cooperative, self } = this.#options;
    if (agreement.cooperative !== cooperative) {
      throw new RoostError('refused', 'agreement is of another cooperative');
    }
    const { proposer, accepter } = agreement;
    const ours =
      [proposer, accepter].find(({ device }) => device === self.device) ??
      [proposer, accepter].find(({ account }) => account === self.account);
    if (ours?.account !== self.account) {
      throw new RoostError('refused', 'agreement must have a side of this account');
    }
    const theirs = ours === proposer ? accepter : proposer;
    return { agreement, encoded, ours, theirs, adopted: ours.device !== self.device, endedAt: 0 };
  }
}

/** The order in which agreements of the same two devices rule; both sides compute it alike. */
function newestFirst(a: Agreement, b: Agreement): number {
  return b.epoch - a.epoch || b.madeAt - a.madeAt || (a.id < b.id ? -1 : 1);
}

interface SortedEntries {
  readonly all: readonly BookEntry[];
  /** own agreements with each device, newest first */
  readonly byDevice: ReadonlyMap<DeviceId, readonly BookEntry[]>;
  readonly ruling: readonly BookEntry[];
  readonly adopted: readonly BookEntry[];
  readonly devices: ReadonlySet<DeviceId>;
}

function sortEntries(all: readonly BookEntry[]): SortedEntries {
  const byDevice = new Map<DeviceId, BookEntry[]>();
  const adopted = new Map<string, BookEntry>();
  for (const entry of [...all].sort((a, b) => newestFirst(a.agreement, b.agreement))) {
    const { device } = entry.theirs;
    if (entry.adopted) {
      const pair = `${entry.ours.device} ${device}`;
      if (!adopted.has(pair)) adopted.set(pair, entry);
      continue;
    }
    const others = byDevice.get(device);
    if (others) others.push(entry);
    else byDevice.set(device, [entry]);
  }
  const ruling = [...byDevice.values()].flatMap(([newest]) => newest ?? []);
  const devices = new Set(all.map(({ theirs }) => theirs.device));
  return { all, byDevice, ruling, adopted: [...adopted.values()], devices };
}
