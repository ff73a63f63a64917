import { bytesToHex } from '@noble/hashes/utils.js';
import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { verifyBody } from '../identity/signed.ts';
import type { AccountId, CooperativeId } from '../ids.ts';
import { cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { ROSTER_MAX_ENTRIES } from '../limits.ts';
import type { RosterEntry, SignedChange } from './entry.ts';
import { NO_ENTRY, decodeAdmission, decodeEntry } from './entry.ts';
import type { RosterInvite, RosterMember, RosterPolicy, RosterState } from './types.ts';

/** A roster with all that the next entry is judged by. */
export interface Roster extends RosterState {
  readonly invites: ReadonlyMap<string, PlacedInvite>;
  /** position of the entry that removed an account which is no member now */
  readonly removed: ReadonlyMap<AccountId, number>;
  /** entries that only a steward could write; weighs a fork (fork.ts) */
  readonly stewardEntries: number;
}
export interface PlacedInvite extends RosterInvite {
  readonly position: number;
}

/** A roster being changed. Owned by one call. */
interface Draft {
  readonly cooperative: CooperativeId;
  readonly name: string;
  policy: RosterPolicy;
  readonly members: Map<AccountId, RosterMember>;
  readonly invites: Map<string, PlacedInvite>;
  readonly removed: Map<AccountId, number>;
  stewardEntries: number;
  length: number;
  head: Bytes;
}

/**
 * Verifies a whole chain and adds it up. The cooperative is the hash of its first entry: compare it with the one wanted.
 * @param now when given, judges the last entry as one that arrives now: its invite must not be expired by this clock
 * @throws RoostError 'malformed' | 'corrupt' (signature, hash, order) | 'refused' (a rule) | 'bad-invite'
 */
export async function replayRoster(
  suite: CryptoSuite,
  entries: readonly Bytes[],
  now?: number,
): Promise<Roster> {
  const [first, ...rest] = entries;
  if (first === undefined) throw new RoostError('malformed', 'roster must have a founding entry, got none');
  const draft = await found(suite, first);
  for (const [index, entry] of rest.entries()) {
    await advance(suite, draft, entry, index === rest.length - 1 ? now : undefined);
  }
  return draft;
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
  const draft: Draft = {
    ...roster,
    members: new Map(roster.members),
    invites: new Map(roster.invites),
    removed: new Map(roster.removed),
  };
  await advance(suite, draft, entry, now);
  return draft;
}

async function found(suite: CryptoSuite, bytes: Bytes): Promise<Draft> {
  const entry = decodeEntry(bytes);
  const { change } = entry;
  if (change.kind !== 'found' || entry.position !== 0 || !equalBytes(entry.prev, NO_ENTRY)) {
    throw new RoostError('corrupt', `roster must begin with its founding entry, got "${change.kind}"`);
  }
  await verifySigned(suite, entry, change);
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
    stewardEntries: 1,
    length: 1,
    head,
  };
}

async function advance(
  suite: CryptoSuite,
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
  if (change.kind === 'admit') {
    await admit(suite, draft, change.admission, now);
  } else {
    // Rules first: a signature check costs a hundred times more.
    const commit = judge(draft, change);
    await verifySigned(suite, entry, change);
    commit();
  }
  draft.length++;
  draft.head = await suite.sha256(bytes);
}

function verifySigned(suite: CryptoSuite, entry: RosterEntry, change: SignedChange): Promise<void> {
  if (entry.signature === undefined) throw new RoostError('corrupt', 'roster entry must be signed');
  const what = `signature of roster entry ${entry.position}`;
  return verifyBody(suite, idBytes(change.by), 'roost/1/roster-entry', entry.body, entry.signature, what);
}

/** Checks a change against the rules and gives what it does. */
function judge(draft: Draft, change: SignedChange): () => void {
  const by = draft.members.get(change.by);
  if (by === undefined) throw new RoostError('refused', `roster entry "${change.kind}" must be a member's`);
  const asSteward = (act: () => void) => (): void => {
    draft.stewardEntries++;
    act();
  };
  const mayAsSteward = (): void => {
    if (by.role !== 'steward') {
      throw new RoostError('refused', `roster entry "${change.kind}" must be a steward's, got a member's`);
    }
  };
  switch (change.kind) {
    case 'found':
      throw new RoostError('refused', 'roster must be founded once, got a second founding entry');
    case 'invite':
      mayAsSteward();
      return asSteward(newInvite(draft, change));
    case 'revoke': {
      mayAsSteward();
      const key = bytesToHex(change.publicKey);
      const invite = draft.invites.get(key);
      if (invite === undefined) throw new RoostError('refused', 'revoked invite must be on the roster');
      return asSteward(() => draft.invites.set(key, { ...invite, revoked: true }));
    }
    case 'remove': {
      const leaves = change.account === change.by;
      if (!leaves) mayAsSteward();
      memberOf(draft, change.account);
      keepOneSteward(draft, change.account);
      const act = (): void => {
        draft.members.delete(change.account);
        draft.removed.set(change.account, draft.length);
      };
      return leaves ? act : asSteward(act);
    }
    case 'policy':
      mayAsSteward();
      return asSteward(() => {
        draft.policy = change.policy;
      });
    case 'role': {
      mayAsSteward();
      const member = memberOf(draft, change.account);
      if (change.role === 'member') keepOneSteward(draft, change.account);
      return asSteward(() => draft.members.set(member.account, { ...member, role: change.role }));
    }
    case 'rename':
      return () => draft.members.set(by.account, { ...by, name: change.name });
    default:
      return change satisfies never;
  }
}

function newInvite(draft: Draft, change: Extract<SignedChange, { kind: 'invite' }>): () => void {
  const key = bytesToHex(change.publicKey);
  if (draft.invites.has(key)) throw new RoostError('refused', 'invite must have a key of its own');
  if (change.expiresAt <= change.at) {
    throw new RoostError('refused', `invite must expire after ${change.at}, got ${change.expiresAt}`);
  }
  const { publicKey, by, uses, expiresAt } = change;
  const position = draft.length;
  return () => draft.invites.set(key, { publicKey, by, uses, used: 0, expiresAt, revoked: false, position });
}

async function admit(suite: CryptoSuite, draft: Draft, bytes: Bytes, now: number | undefined): Promise<void> {
  const admission = decodeAdmission(bytes);
  const { account, name, at } = admission;
  if (admission.cooperative !== draft.cooperative) {
    throw new RoostError('bad-invite', 'the invite is for another cooperative');
  }
  const key = bytesToHex(admission.invite);
  const invite = draft.invites.get(key);
  if (invite === undefined) throw new RoostError('bad-invite', 'the invite is not on the roster');
  if (draft.members.has(account)) throw new RoostError('refused', 'the account is a member already');
  if (invite.revoked) throw new RoostError('bad-invite', 'the invite was revoked');
  if (draft.members.get(invite.by)?.role !== 'steward') {
    throw new RoostError('bad-invite', 'who made the invite is no steward any more');
  }
  if (invite.used >= invite.uses) {
    throw new RoostError('bad-invite', `the invite was for ${invite.uses} and is used up`);
  }
  if (at > invite.expiresAt || (now !== undefined && now > invite.expiresAt)) {
    throw new RoostError('bad-invite', `the invite expired at ${invite.expiresAt}`);
  }
  const removed = draft.removed.get(account);
  if (removed !== undefined && invite.position < removed) {
    throw new RoostError('bad-invite', 'a removed member needs an invite made after its removal');
  }
  await verifyBody(
    suite,
    idBytes(account),
    'roost/1/admission',
    admission.body,
    admission.byAccount,
    "admission's account signature",
  );
  await verifyBody(
    suite,
    invite.publicKey,
    'roost/1/admission-invite',
    admission.body,
    admission.byInvite,
    "admission's invite signature",
  );
  draft.invites.set(key, { ...invite, used: invite.used + 1 });
  draft.members.set(account, { account, name, role: 'member', joinedAt: at, invitedBy: invite.by });
  draft.removed.delete(account);
}

function memberOf(draft: Draft, account: AccountId): RosterMember {
  const member = draft.members.get(account);
  if (member === undefined) throw new RoostError('refused', 'the account is no member');
  return member;
}

function keepOneSteward(draft: Draft, leaving: AccountId): void {
  for (const member of draft.members.values()) {
    if (member.role === 'steward' && member.account !== leaving) return;
  }
  throw new RoostError('refused', 'the last steward cannot leave, be removed or become a member');
}
