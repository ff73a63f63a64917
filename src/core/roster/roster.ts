import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { verifyBody } from '../identity/signed.ts';
import type { AccountId } from '../ids.ts';
import { cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { ROSTER_MAX_ENTRIES } from '../limits.ts';
import type { RosterEntry, SignedChange } from './entry.ts';
import { NO_ENTRY, decodeEntry } from './entry.ts';
import type { Draft, PlacedInvite } from './rules.ts';
import { judge, judgeAdmission, verifyAdmission } from './rules.ts';
import type { RosterMember, RosterState } from './types.ts';

/** A roster with all that the next entry is judged by. */
export interface Roster extends RosterState {
  readonly invites: ReadonlyMap<string, PlacedInvite>;
  /** position of the entry that removed an account which is no member now */
  readonly removed: ReadonlyMap<AccountId, number>;
  /** changes of name by members and former members */
  readonly renames: ReadonlyMap<AccountId, number>;
  /** entries that only a steward could write; weighs a fork (fork.ts) */
  readonly stewardEntries: number;
}

/**
 * Verifies a whole chain and adds it up. The cooperative is the hash of its first entry: compare it with the one wanted.
 * @param now when given, judges the last entry as one that arrives now: its invite must not be expired by this clock
 * @throws RoostError 'malformed' | 'corrupt' (signature, hash, order) | 'refused' (a rule) | 'bad-invite'
 */
export function replayRoster(suite: CryptoSuite, entries: readonly Bytes[], now?: number): Promise<Roster> {
  return replay({ suite, signatures: true }, entries, now);
}

/**
 * Replays entries that were verified before they were kept on this device: their chain of hashes is checked again, which finds any damage,
 * their signatures are not. A roster of thousands is there at once.
 * @throws RoostError 'malformed' | 'corrupt' | 'refused' | 'bad-invite'
 */
export function replayKeptRoster(suite: CryptoSuite, entries: readonly Bytes[]): Promise<Roster> {
  return replay({ suite, signatures: false }, entries, undefined);
}

/** What is checked of each entry beside the rules and the chain of hashes. */
interface Checks {
  readonly suite: CryptoSuite;
  readonly signatures: boolean;
}

async function replay(checks: Checks, entries: readonly Bytes[], now: number | undefined): Promise<Roster> {
  const [first, ...rest] = entries;
  if (first === undefined) throw new RoostError('malformed', 'roster must have a founding entry, got none');
  const draft = await found(checks, first);
  for (const [index, entry] of rest.entries()) {
    await advance(checks, draft, entry, index === rest.length - 1 ? now : undefined);
  }
  return draft;
}

/** A roster with as many of some further entries as verify. */
export interface Applied {
  readonly roster: Roster;
  /** how many were good, from the first on */
  readonly applied: number;
  /** what was wrong with the next; undefined when all were good */
  readonly error: unknown;
}

/** The roster with further entries, up to the first that does not verify; `roster` stays as it is. Never rejects. */
export async function applyEntries(
  suite: CryptoSuite,
  roster: Roster,
  entries: readonly Bytes[],
): Promise<Applied> {
  const draft = draftOf(roster);
  for (const [applied, entry] of entries.entries()) {
    try {
      await advance({ suite, signatures: true }, draft, entry, undefined);
    } catch (error) {
      return { roster: applied === 0 ? roster : draft, applied, error };
    }
  }
  return { roster: draft, applied: entries.length, error: undefined };
}

/**
 * The roster with one entry more; `roster` stays as it is.
 * @param now when given, the entry arrives now: its invite must not be expired by this clock
 * @throws RoostError as `replayRoster`
 */
export async function applyEntry(
  suite: CryptoSuite,
  roster: Roster,
  entry: Bytes,
  now?: number,
): Promise<Roster> {
  const draft = draftOf(roster);
  await advance({ suite, signatures: true }, draft, entry, now);
  return draft;
}

function draftOf(roster: Roster): Draft {
  return {
    ...roster,
    members: new Map(roster.members),
    invites: new Map(roster.invites),
    removed: new Map(roster.removed),
    renames: new Map(roster.renames),
  };
}

async function found({ suite, signatures }: Checks, bytes: Bytes): Promise<Draft> {
  const entry = decodeEntry(bytes);
  const { change } = entry;
  if (change.kind !== 'found' || entry.position !== 0 || !equalBytes(entry.prev, NO_ENTRY)) {
    throw new RoostError('corrupt', `roster must begin with its founding entry, got "${change.kind}"`);
  }
  if (signatures) await verifySigned(suite, entry, change);
  const head = await suite.sha256(bytes);
  const founder: RosterMember = {
    account: change.by,
    name: change.displayName,
    role: 'steward',
    joinedAt: change.at,
    invitedBy: undefined,
  };
  return {
    cooperative: cooperativeIdFromBytes(head),
    name: change.name,
    policy: change.policy,
    members: new Map([[founder.account, founder]]),
    invites: new Map(),
    removed: new Map(),
    renames: new Map(),
    stewardEntries: 1,
    length: 1,
    head,
  };
}

/** Changes the draft by a whole entry, or when it does not verify not at all. */
async function advance(
  { suite, signatures }: Checks,
  draft: Draft,
  bytes: Bytes,
  now: number | undefined,
): Promise<void> {
  if (draft.length >= ROSTER_MAX_ENTRIES) {
    throw new RoostError('refused', `roster must have at most ${ROSTER_MAX_ENTRIES} entries, got one more`);
  }
  const entry = decodeEntry(bytes);
  if (entry.position !== draft.length || !equalBytes(entry.prev, draft.head)) {
    throw new RoostError(
      'corrupt',
      `roster entry must follow entry ${draft.length - 1}, got number ${entry.position} after another`,
    );
  }
  const { change } = entry;
  const head = await suite.sha256(bytes);
  // Rules first: a signature check costs a hundred times more.
  if (change.kind === 'admit') {
    const { admission, commit } = judgeAdmission(draft, change.admission, now);
    if (signatures) await verifyAdmission(suite, admission);
    commit();
  } else {
    const commit = judge(draft, change);
    if (signatures) await verifySigned(suite, entry, change);
    commit();
  }
  draft.length++;
  draft.head = head;
}

function verifySigned(suite: CryptoSuite, entry: RosterEntry, change: SignedChange): Promise<void> {
  if (entry.signature === undefined) throw new RoostError('corrupt', 'roster entry must be signed');
  const what = `signature of roster entry ${entry.position}`;
  return verifyBody(suite, idBytes(change.by), 'roost/1/roster-entry', entry.body, entry.signature, what);
}
