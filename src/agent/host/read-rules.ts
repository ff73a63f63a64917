import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';
import type { RosterPolicy } from '../../core/roster/types.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import { asBoolean, asNumber, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';
import type { SpacePromises } from './promises.ts';

const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365 * DAY_MS;
/** What was read is written down so long after it at the latest: a crash gives that much away, and no read waits for a disk. */
const WRITE_AFTER_MS = 30_000;

export interface ReadRulesParts {
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly book: AgreementBook;
  readonly promises: SpacePromises;
  readonly policy: () => RosterPolicy;
}

/** Bytes read in a year that began with the first read. */
interface Reads {
  since: number;
  bytes: number;
}

/** An account's time of commitment: when it began by our clock, and whether it has been served. */
interface Commitment {
  readonly since: number;
  readonly over: boolean;
}

/**
 * What an owner may read beside audits. All devices that read under the agreements with one device share a number of bytes a year; and
 * among strangers nothing is read before the account has kept its side for the time of commitment, so that nobody keeps its pieces
 * with others only to pass audits.
 *
 * By the wall clock, which may jump. Forward: a year or a commitment ends early, once, and nobody outside can cause it. Back: a
 * year begins anew with what was read in it, a commitment begins anew unless it has been served, so that the wait is never longer
 * than one commitment from now.
 */
export class ReadRules {
  readonly #parts: ReadRulesParts;
  readonly #reads = new Map<DeviceId, Promise<Reads>>();
  readonly #unwritten = new Set<DeviceId>();
  #cancel: (() => void) | undefined;

  constructor(parts: ReadRulesParts) {
    this.#parts = parts;
  }

  /** An agreement with an account is about to be made: its commitment begins unless it has. Resolves when durable. */
  async began(account: AccountId): Promise<void> {
    if ((await this.#commitment(account)) !== undefined) return;
    await this.#setCommitment(account, { since: this.#parts.clock.now(), over: false });
  }

  /**
   * Whether anything may be read under an agreement now.
   * @throws RoostError 'refused' within the commitment, or when the year's bytes are used up
   */
  async check(entry: BookEntry): Promise<void> {
    await this.#checkCommitment(entry.theirs.account);
    this.#checkBytes(entry, await this.#readsOf(entry.theirs.device), 0);
  }

  /** Counts bytes that are about to be sent. @throws RoostError 'refused' when they are more than the year has left */
  async take(entry: BookEntry, bytes: number): Promise<void> {
    const { device } = entry.theirs;
    const reads = await this.#readsOf(device);
    this.#checkBytes(entry, reads, bytes);
    reads.bytes += bytes;
    this.#unwritten.add(device);
    this.#cancel ??= this.#parts.clock.after(WRITE_AFTER_MS, () => {
      this.#cancel = undefined;
      void this.#write(false);
    });
  }

  /** Writes down what was read. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#write(true);
  }

  async #checkCommitment(account: AccountId): Promise<void> {
    const { clock, policy } = this.#parts;
    const { commitmentDays } = policy();
    if (commitmentDays === 0) return;
    const now = clock.now();
    const known = await this.#commitment(account);
    if (known?.over === true) return;
    let since = known?.since ?? this.#firstProposed(account) ?? now;
    if (since > now) since = now;
    const over = now - since >= commitmentDays * DAY_MS;
    if (over || since !== known?.since) await this.#setCommitment(account, { since, over });
    if (over) return;
    throw new RoostError(
      'refused',
      `nothing is read within ${commitmentDays} days of commitment, which end at ${since + commitmentDays * DAY_MS}`,
    );
  }

  /** Of agreements that we proposed the time is ours; what others wrote into theirs could be any. */
  #firstProposed(account: AccountId): number | undefined {
    const times = this.#parts.book
      .all()
      .filter(({ adopted, theirs }) => !adopted && theirs.account === account)
      .filter(({ agreement, ours }) => agreement.proposer.device === ours.device)
      .map(({ agreement }) => agreement.madeAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #checkBytes({ theirs, agreement, ours }: BookEntry, reads: Reads, bytes: number): void {
    const { clock, book, promises } = this.#parts;
    const now = clock.now();
    if (now < reads.since) reads.since = now;
    if (now - reads.since >= YEAR_MS) {
      reads.since = now;
      reads.bytes = 0;
    }
    const ruling = book.with(theirs.device)[0];
    const times = (ruling?.agreement ?? agreement).readsPerYear;
    const most = times * Math.max((ruling?.ours ?? ours).gives, promises.heldFor(theirs.device));
    if (reads.bytes >= most || reads.bytes + bytes > most) {
      throw new RoostError(
        'refused',
        `agreement allows ${most} bytes of reads a year, ${reads.bytes} are used since ${reads.since}`,
      );
    }
  }

  #readsOf(device: DeviceId): Promise<Reads> {
    let reads = this.#reads.get(device);
    if (reads === undefined) {
      reads = this.#load(device);
      reads.catch(() => this.#reads.delete(device));
      this.#reads.set(device, reads);
    }
    return reads;
  }

  async #load(device: DeviceId): Promise<Reads> {
    const { meta, clock } = this.#parts;
    const bytes = await meta.get(TABLES.reads, device);
    const kept = this.#readable('reads of a partner', bytes, (fields) => ({
      since: asNumber(fields[0]),
      bytes: asNumber(fields[1]),
    }));
    return kept ?? { since: clock.now(), bytes: 0 };
  }

  async #commitment(account: AccountId): Promise<Commitment | undefined> {
    const bytes = await this.#parts.meta.get(TABLES.commitments, account);
    return this.#readable('a commitment', bytes, (fields) => ({
      since: asNumber(fields[0]),
      over: asBoolean(fields[1]),
    }));
  }

  async #setCommitment(account: AccountId, { since, over }: Commitment): Promise<void> {
    await this.#parts.meta.write([
      { kind: 'put', table: TABLES.commitments, key: account, value: encodeCbor([since, over]) },
    ]);
  }

  /** A damaged record counts as none: it must not keep anybody from its data for ever. */
  #readable<T>(
    what: string,
    bytes: Bytes | undefined,
    read: (fields: readonly unknown[]) => T,
  ): T | undefined {
    if (bytes === undefined) return undefined;
    try {
      return readRecord(what, bytes, read);
    } catch (error) {
      this.#parts.log.warn('host.read-rule-damaged', { message: messageOf(error) });
      return undefined;
    }
  }

  async #write(durable: boolean): Promise<void> {
    const devices = [...this.#unwritten];
    this.#unwritten.clear();
    if (devices.length === 0) return;
    try {
      const operations = await Promise.all(
        devices.map(async (key) => {
          const { since, bytes } = await this.#readsOf(key);
          return { kind: 'put' as const, table: TABLES.reads, key, value: encodeCbor([since, bytes]) };
        }),
      );
      await this.#parts.meta.write(operations, { durable });
    } catch (error) {
      for (const device of devices) this.#unwritten.add(device);
      this.#parts.log.warn('host.reads-not-written', { message: messageOf(error) });
    }
  }
}
