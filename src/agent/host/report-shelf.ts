import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { messageOf } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import type { RenegeReport } from '../../core/partnership/renege-report.ts';
import { REPORTS_MAX } from '../../core/wire/limits.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { scanAll } from '../store/paging.ts';
import { asBytes, asNumber, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

/** Reports of one member that are kept: who writes many pushes out its own, not those of others. */
const REPORTS_PER_MEMBER_MAX = 32;

/** A report counts against a member for so long; later ones of the same reporter begin it anew. */
const LATELY_MS = 90 * 24 * 3_600_000;

interface Shelved {
  readonly key: string;
  readonly by: string;
  readonly against: string;
  /** by the reporter's clock, but not later than when it came here */
  readonly at: number;
  /** by the reporter's clock */
  readonly writtenAt: number;
  readonly encoded: Bytes;
}

/** Reports of reneging, one of each member about each other, the newest REPORTS_MAX. */
export class ReportShelf {
  readonly #meta: MetaStore;
  readonly #oneByOne = new Limiter(1);
  readonly #reports = new Map<string, Shelved>();

  private constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  static async open(meta: MetaStore, log: Log): Promise<ReportShelf> {
    const shelf = new ReportShelf(meta);
    for await (const { key, value } of scanAll(meta, TABLES.reports)) {
      try {
        const [by = '', against = ''] = key.split('/');
        shelf.#reports.set(key, { key, by, against, ...readShelved(value) });
      } catch (error) {
        log.warn('host.report-damaged', { report: key, message: messageOf(error) });
      }
    }
    return shelf;
  }

  /**
   * Keeps a verified report unless a newer one of the same member about the same is here; resolves when durable.
   * @param now milliseconds since 1970
   * @returns whether it was new
   */
  put(report: RenegeReport, encoded: Bytes, now: number): Promise<boolean> {
    return this.#oneByOne.run(async () => {
      const key = keyOf(report.by.account, report.against.account);
      const there = this.#reports.get(key);
      if (there !== undefined && there.writtenAt >= report.at) return false;
      const shelved: Shelved = {
        key,
        by: report.by.account,
        against: report.against.account,
        at: Math.min(report.at, now),
        writtenAt: report.at,
        encoded,
      };
      const others = [...this.#reports.values()].filter((other) => other.key !== key);
      const own = others.filter(({ by }) => by === shelved.by);
      const ownGone = beyond(own, REPORTS_PER_MEMBER_MAX - 1);
      const rest = others.filter((other) => !ownGone.includes(other));
      const gone = [...ownGone, ...beyond(rest, REPORTS_MAX - 1)];
      const value = encodeCbor([shelved.at, shelved.writtenAt, encoded]);
      await this.#meta.write([
        { kind: 'put', table: TABLES.reports, key, value },
        ...gone.map((old): MetaOperation => ({ kind: 'delete', table: TABLES.reports, key: old.key })),
      ]);
      for (const old of gone) this.#reports.delete(old.key);
      this.#reports.set(key, shelved);
      return true;
    });
  }

  /**
   * Distinct members that an account reneged on in the last 90 days, by their own words.
   * @param now milliseconds since 1970
   */
  renegedOn(account: AccountId, now: number): number {
    const reports = [...this.#reports.values()];
    return reports.filter(({ against, at }) => against === account && now - at < LATELY_MS).length;
  }

  /** Newest first. */
  list(): readonly Bytes[] {
    return [...this.#reports.values()].sort(newestFirst).map(({ encoded }) => encoded);
  }
}

const keyOf = (by: AccountId, against: AccountId): string => `${by}/${against}`;

const newestFirst = (a: Shelved, b: Shelved): number => b.at - a.at || b.writtenAt - a.writtenAt;

/** The oldest of those that are more than `max`. */
function beyond(reports: readonly Shelved[], max: number): readonly Shelved[] {
  return reports.toSorted(newestFirst).slice(max);
}

function readShelved(value: Bytes): Pick<Shelved, 'at' | 'writtenAt' | 'encoded'> {
  return readRecord('a report', value, (fields) => ({
    at: asNumber(fields[0]),
    writtenAt: asNumber(fields[1]),
    encoded: asBytes(fields[2]),
  }));
}
