import type { Bytes } from '../bytes.ts';
import type { CryptoSuite } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { hex } from '../hex.ts';
import { verifyBody } from '../identity/signed.ts';
import type { AccountId, CooperativeId } from '../ids.ts';
import { idBytes } from '../ids.ts';
import { ROSTER_MAX_ENTRIES } from '../limits.ts';
import type { SignedAdmission, SignedChange } from './entry.ts';
import { decodeAdmission } from './entry.ts';
import type { RosterInvite, RosterMember, RosterPolicy } from './types.ts';

/** What each kind of entry may do, and who may write it: PROTOCOL.md "Roster". */

/** Times that one member may change its display name: nobody fills the roster by it. */
const RENAMES_MAX = 20;
/** Places at the end of a full roster that only stewards may use, to remove and revoke. */
const STEWARD_PLACES = 1_000;

export interface PlacedInvite extends RosterInvite {
  readonly position: number;
}

/** A roster being changed. Owned by one call. */
export interface Draft {
  readonly cooperative: CooperativeId;
  readonly name: string;
  policy: RosterPolicy;
  readonly members: Map<AccountId, RosterMember>;
  readonly invites: Map<string, PlacedInvite>;
  readonly removed: Map<AccountId, number>;
  readonly renames: Map<AccountId, number>;
  stewardEntries: number;
  length: number;
  head: Bytes;
}

/** Checks a change against the rules and gives what it does. */
export function judge(draft: Draft, change: SignedChange): () => void {
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
      const key = hex(change.publicKey);
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
    case 'rename': {
      const renames = (draft.renames.get(by.account) ?? 0) + 1;
      if (renames > RENAMES_MAX) {
        throw new RoostError('refused', `a member may change its name ${RENAMES_MAX} times, got one more`);
      }
      keepStewardPlaces(draft);
      return () => {
        draft.renames.set(by.account, renames);
        draft.members.set(by.account, { ...by, name: change.name });
      };
    }
    default:
      return change satisfies never;
  }
}

function newInvite(draft: Draft, change: Extract<SignedChange, { kind: 'invite' }>): () => void {
  const key = hex(change.publicKey);
  if (draft.invites.has(key)) throw new RoostError('refused', 'invite must have a key of its own');
  if (change.expiresAt <= change.at) {
    throw new RoostError('refused', `invite must expire after ${change.at}, got ${change.expiresAt}`);
  }
  const { publicKey, by, uses, expiresAt } = change;
  const position = draft.length;
  return () => draft.invites.set(key, { publicKey, by, uses, used: 0, expiresAt, revoked: false, position });
}

/** Checks an admission against the rules and gives it with what it does; its signatures are not checked. */
export function judgeAdmission(
  draft: Draft,
  bytes: Bytes,
  now: number | undefined,
): { readonly admission: SignedAdmission; readonly commit: () => void } {
  keepStewardPlaces(draft);
  const admission = decodeAdmission(bytes);
  const { account, name, at } = admission;
  if (admission.cooperative !== draft.cooperative) {
    throw new RoostError('bad-invite', 'the invite is for another cooperative');
  }
  const key = hex(admission.invite);
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
  const commit = (): void => {
    draft.invites.set(key, { ...invite, used: invite.used + 1 });
    draft.members.set(account, { account, name, role: 'member', joinedAt: at, invitedBy: invite.by });
    draft.removed.delete(account);
  };
  return { admission, commit };
}

/** Checks both signatures of an admission. @throws RoostError 'corrupt' */
export async function verifyAdmission(suite: CryptoSuite, admission: SignedAdmission): Promise<void> {
  const { account, invite, body, byAccount, byInvite } = admission;
  const signatures = [
    [idBytes(account), 'roost/1/admission', byAccount, "admission's account signature"],
    [invite, 'roost/1/admission-invite', byInvite, "admission's invite signature"],
  ] as const;
  for (const [publicKey, label, signature, what] of signatures) {
    await verifyBody(suite, publicKey, label, body, signature, what);
  }
}

function memberOf(draft: Draft, account: AccountId): RosterMember {
  const member = draft.members.get(account);
  if (member === undefined) throw new RoostError('refused', 'the account is no member');
  return member;
}

function keepStewardPlaces(draft: Draft): void {
  const places = ROSTER_MAX_ENTRIES - STEWARD_PLACES;
  if (draft.length >= places) {
    throw new RoostError('refused', `roster takes only stewards' entries beyond ${places}`);
  }
}

function keepOneSteward(draft: Draft, leaving: AccountId): void {
  for (const member of draft.members.values()) {
    if (member.role === 'steward' && member.account !== leaving) return;
  }
  throw new RoostError('refused', 'the last steward cannot leave, be removed or become a member');
}
