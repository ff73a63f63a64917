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
import { Limiter } from '../limiter.ts';
import { padNumber, scanAll } from '../store/records.ts';
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
  readonly entries: readonly Bytes[];
}

/** The verified copy of the roster on this device, and how it takes in the copies of others. */
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
    const kept: Bytes[] = [];
    const prefix = `${options.cooperative}/`;
    for await (const { value } of scanAll(options.meta, TABLES.roster, { prefix })) kept.push(value);
    const entries = kept.length > 0 ? kept : await first();
    if (entries.length === 0)
      throw new RoostError('not-found', 'nobody has shown a roster of this cooperative yet');
    const replay = kept.length > 0 ? replayKeptRoster : replayRoster;
    const copy = { roster: await replayOf(options, entries, replay), entries };
    if (kept.length === 0) await write(options, [], entries);
    return new RosterBook(options, copy);
  }

  get roster(): Roster {
    return this.#copy.roster;
  }

  get entries(): readonly Bytes[] {
    return this.#copy.entries;
  }

  /** Reads another copy and follows whichever all members follow. @throws what `source` throws; a bad copy changes nothing */
  sync(source: RosterSource): Promise<RosterSync> {
    return this.#oneByOne.run(() => this.#sync(source));
  }

  async #sync(source: RosterSource): Promise<RosterSync> {
    const ours = this.#copy.entries;
    const from = ours.length - 1;
    const tail = await readAll(source, from);
    const [same, ...beyond] = tail;
    if (same !== undefined && equalBytes(same, ours[from]!)) return this.#extend(beyond);
    const theirs = from === 0 ? tail : await readAll(source, 0);
    const common = theirs.findIndex((entry, index) => !equalBytes(entry, ours[index] ?? new Uint8Array(0)));
    if (common === -1) return nothing({ from: theirs.length, entries: ours.slice(theirs.length) });
    if (common === ours.length) return this.#extend(theirs.slice(common));
    return this.#settleFork(theirs);
  }

  async #extend(beyond: readonly Bytes[]): Promise<RosterSync> {
    if (beyond.length === 0) return nothing(undefined);
    const { crypto, log } = this.#options;
    const { roster, applied, error } = await applyEntries(crypto, this.#copy.roster, beyond);
    if (error !== undefined) {
      log.warn('network.roster-entry-bad', { position: roster.length, message: messageOf(error) });
    }
    if (applied === 0) return nothing(undefined);
    await this.#follow({ roster, entries: [...this.#copy.entries, ...beyond.slice(0, applied)] });
    return { changed: true, lacks: undefined, lost: [] };
  }

  async #settleFork(theirs: readonly Bytes[]): Promise<RosterSync> {
    const { log } = this.#options;
    const ours = this.#copy;
    let other: Roster;
    try {
      other = await replayOf(this.#options, theirs);
    } catch (error) {
      log.warn('network.roster-bad', { entries: theirs.length, message: messageOf(error) });
      return nothing(undefined);
    }
    if (chooseRoster(ours.roster, other) === ours.roster) return nothing(undefined);
    log.info('network.roster-fork', { from: ours.entries.length, to: theirs.length });
    await this.#follow({ roster: other, entries: theirs });
    return { changed: true, lacks: undefined, lost: lostAdmissions(other, theirs, ours.entries) };
  }

  async #follow(copy: Copy): Promise<void> {
    await write(this.#options, this.#copy.entries, copy.entries);
    this.#copy = copy;
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

async function write(
  { meta, cooperative }: RosterBookOptions,
  before: readonly Bytes[],
  after: readonly Bytes[],
): Promise<void> {
  const operations: MetaOperation[] = [];
  for (let position = 0; position < Math.max(before.length, after.length); position++) {
    const key = `${cooperative}/${padNumber(position, POSITION_DIGITS)}`;
    const entry = after[position];
    const known = before[position];
    if (entry === undefined) operations.push({ kind: 'delete', table: TABLES.roster, key });
    else if (known === undefined || (known !== entry && !equalBytes(known, entry))) {
      operations.push({ kind: 'put', table: TABLES.roster, key, value: entry });
    }
  }
  await meta.write(operations);
}
