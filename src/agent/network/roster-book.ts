import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { CooperativeId } from '../../core/ids.ts';
import { ROSTER_MAX_ENTRIES } from '../../core/limits.ts';
import { chooseRoster, lostAdmissions } from '../../core/roster/fork.ts';
import type { Roster } from '../../core/roster/roster.ts';
import { applyEntries, replayKeptRoster, replayRoster } from '../../core/roster/roster.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { scanAll } from '../store/paging.ts';
import { padNumber } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

const POSITION_DIGITS = 8;

/** All entries of somebody's copy from a position on; none when it has no more. */
export type RosterSource = (from: number) => Promise<readonly Bytes[]>;

export interface RosterSync {
  /** whether our copy changed */
  readonly changed: boolean;
  /** entries of ours that the other copy lacks, when it is a beginning of ours */
  readonly lacks: { readonly from: number; readonly entries: readonly Bytes[] } | undefined;
  /** admissions that were only on a branch given up (core/roster/fork.ts) */
  readonly lost: readonly Bytes[];
}

export interface RosterBookOptions {
  readonly meta: MetaStore;
  readonly crypto: CryptoSuite;
  readonly log: Log;
  readonly cooperative: CooperativeId;
}

interface Copy {
  readonly roster: Roster;
  /** its newest entry: where other copies go on from */
  readonly last: Bytes;
}

/**
 * The verified copy of the roster on this device, and how it takes in the copies of others. What the entries add up to is in memory; the
 * entries themselves stay in the database.
 */
export class RosterBook {
  readonly #options: RosterBookOptions;
  readonly #oneByOne = new Limiter(1);
  #copy: Copy;

  private constructor(options: RosterBookOptions, copy: Copy) {
    this.#options = options;
    this.#copy = copy;
  }

  /**
   * Opens the copy kept here; without one, takes `first` (entries from the founding one on).
   * @throws RoostError 'not-found' when there is neither, 'refused' when `first` is another cooperative's
   */
  static async open(options: RosterBookOptions, first: () => Promise<readonly Bytes[]>): Promise<RosterBook> {
    const kept = await readFrom(options, 0);
    const entries = kept.length > 0 ? kept : await first();
    const last = entries.at(-1);
    if (last === undefined)
      throw new RoostError('not-found', 'nobody has shown a roster of this cooperative yet');
    const replay = kept.length > 0 ? replayKeptRoster : replayRoster;
    const roster = await replayOf(options, entries, replay);
    if (kept.length === 0) await write(options, 0, 0, entries);
    return new RosterBook(options, { roster, last });
  }

  get roster(): Roster {
    return this.#copy.roster;
  }

  /**
   * The entries from a position on; no more than the first that make up more than `maxBytes`, for whoever sends a part of them only. While
   * the copy gives way to another, they may be of both: whoever verifies them finds it.
   */
  entriesFrom(position: number, maxBytes = Infinity): Promise<readonly Bytes[]> {
    return readFrom(this.#options, position, maxBytes);
  }

  /** Reads another copy and follows whichever all members follow. @throws what `source` throws; a bad copy changes nothing */
  sync(source: RosterSource): Promise<RosterSync> {
    return this.#oneByOne.run(() => this.#sync(source));
  }

  async #sync(source: RosterSource): Promise<RosterSync> {
    const { roster, last } = this.#copy;
    const from = roster.length - 1;
    const tail = await readAll(source, from);
    const [same, ...beyond] = tail;
    if (same !== undefined && equalBytes(same, last)) return this.#extend(beyond);
    const theirs = from === 0 ? tail : await readAll(source, 0);
    const ours = await this.entriesFrom(0);
    const common = theirs.findIndex((entry, index) => !equalBytes(entry, ours[index] ?? new Uint8Array(0)));
    if (common === -1) return nothing({ from: theirs.length, entries: ours.slice(theirs.length) });
    if (common === ours.length) return this.#extend(theirs.slice(common));
    return this.#settleFork(ours, theirs, common);
  }

  async #extend(beyond: readonly Bytes[]): Promise<RosterSync> {
    if (beyond.length === 0) return nothing(undefined);
    const { crypto, log } = this.#options;
    const { length } = this.#copy.roster;
    const { roster, applied, error } = await applyEntries(crypto, this.#copy.roster, beyond);
    if (error !== undefined) {
      log.warn('network.roster-entry-bad', { position: roster.length, message: messageOf(error) });
    }
    const good = beyond.slice(0, applied);
    const last = good.at(-1);
    if (last === undefined) return nothing(undefined);
    await write(this.#options, length, length, good);
    this.#copy = { roster, last };
    return { changed: true, lacks: undefined, lost: [] };
  }

  /** @param common how many entries both begin with */
  async #settleFork(ours: readonly Bytes[], theirs: readonly Bytes[], common: number): Promise<RosterSync> {
    const { log } = this.#options;
    let other: Roster;
    try {
      other = await replayOf(this.#options, theirs);
    } catch (error) {
      log.warn('network.roster-bad', { entries: theirs.length, message: messageOf(error) });
      return nothing(undefined);
    }
    const { roster } = this.#copy;
    const last = theirs.at(-1);
    if (last === undefined || chooseRoster(roster, other) === roster) return nothing(undefined);
    log.info('network.roster-fork', { from: ours.length, to: theirs.length });
    await write(this.#options, common, ours.length, theirs.slice(common));
    this.#copy = { roster: other, last };
    return { changed: true, lacks: undefined, lost: lostAdmissions(other, theirs, ours) };
  }
}

const nothing = (lacks: RosterSync['lacks']): RosterSync => ({ changed: false, lacks, lost: [] });

async function replayOf(
  options: RosterBookOptions,
  entries: readonly Bytes[],
  replay: typeof replayRoster = replayRoster,
): Promise<Roster> {
  const roster = await replay(options.crypto, entries);
  if (roster.cooperative !== options.cooperative) {
    throw new RoostError('refused', `roster must be of ${options.cooperative}, got ${roster.cooperative}`);
  }
  return roster;
}

/** What a copy has from a position on. @throws RoostError 'malformed' when that is more than a roster may have */
async function readAll(source: RosterSource, from: number): Promise<readonly Bytes[]> {
  const entries = await source(from);
  if (from + entries.length > ROSTER_MAX_ENTRIES) {
    throw new RoostError('malformed', `roster must have at most ${ROSTER_MAX_ENTRIES} entries, got more`);
  }
  return entries;
}

const keyOf = ({ cooperative }: RosterBookOptions, position: number): string =>
  `${cooperative}/${padNumber(position, POSITION_DIGITS)}`;

async function readFrom(
  options: RosterBookOptions,
  position: number,
  maxBytes = Infinity,
): Promise<readonly Bytes[]> {
  const entries: Bytes[] = [];
  let bytes = 0;
  const range = {
    prefix: `${options.cooperative}/`,
    ...(position > 0 ? { after: keyOf(options, position - 1) } : {}),
  };
  for await (const { value } of scanAll(options.meta, TABLES.roster, range)) {
    entries.push(value);
    bytes += value.length;
    if (bytes > maxBytes) break;
  }
  return entries;
}

/** Puts entries in place of those from `position` to before `length`. */
async function write(
  options: RosterBookOptions,
  position: number,
  length: number,
  entries: readonly Bytes[],
): Promise<void> {
  const table = TABLES.roster;
  const puts = entries.map((value, index): MetaOperation => ({
    kind: 'put',
    table,
    key: keyOf(options, position + index),
    value,
  }));
  const rest = Math.max(0, length - position - entries.length);
  const deletes = Array.from({ length: rest }, (_, index): MetaOperation => ({
    kind: 'delete',
    table,
    key: keyOf(options, position + entries.length + index),
  }));
  await options.meta.write([...puts, ...deletes]);
}
