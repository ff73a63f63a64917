import type { Bytes } from '../bytes.ts';
import type { AccountId, CooperativeId } from '../ids.ts';

/** What a roster's entries add up to (core/roster/roster.ts replays and verifies them). */
export interface RosterState {
  readonly cooperative: CooperativeId;
  readonly name: string;
  readonly members: ReadonlyMap<AccountId, RosterMember>;
  /** by hex of the invite's public key */
  readonly invites: ReadonlyMap<string, RosterInvite>;
  readonly policy: RosterPolicy;
  /** entries replayed and SHA-256 of the last one */
  readonly length: number;
  readonly head: Bytes;
}
export interface RosterMember {
  readonly account: AccountId;
  readonly name: string;
  readonly role: 'member' | 'steward';
  readonly joinedAt: number;
  /** who let it in, undefined for the founder */
  readonly invitedBy: AccountId | undefined;
}
export interface RosterInvite {
  readonly publicKey: Bytes;
  readonly by: AccountId;
  readonly uses: number;
  readonly used: number;
  readonly expiresAt: number;
  readonly revoked: boolean;
}
export interface RosterPolicy {
  readonly graceDays: number;
  readonly commitmentDays: number;
}
