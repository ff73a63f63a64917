import type { Bytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { faultOf } from '../../core/errors.ts';
import { verifyCertificate } from '../../core/identity/certificate.ts';
import type { DeviceCertificate } from '../../core/identity/types.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';
import type { RosterState } from '../../core/roster/types.ts';
import type { DirectoryEntry } from '../../ports/rendezvous.ts';
import { topInviter } from '../partners/failure-domains.ts';
import type { Remote } from '../session/types.ts';
import type { BookEntry } from './agreement-book.ts';

/** A device that could keep pieces of ours. */
export interface Candidate {
  readonly device: DeviceId;
  readonly account: AccountId;
  /** there is no agreement with it yet */
  readonly stranger: boolean;
}

export interface CandidateSources {
  readonly account: AccountId;
  readonly roster: RosterState;
  readonly crypto: CryptoSuite;
  readonly now: number;
  readonly connected: readonly Remote[];
  readonly agreements: readonly BookEntry[];
  readonly directory: readonly DirectoryEntry[];
  /** whether a device without a session is worth a call */
  readonly mayBeThere: (device: DeviceId) => boolean;
  /** whether a device may be asked at all (ranking.ts) */
  readonly mayBeAsked: (device: DeviceId) => boolean;
  /** whether devices without an agreement are looked for */
  readonly strangers: boolean;
  /** how well a listed device would do, 0 to 1; 0 leaves it out (ranking.ts) */
  readonly rank: (entry: DirectoryEntry, account: AccountId) => number;
}

/** Strangers whom one member let in, directly or through others, in each round: a pack may give them no more pieces than its cap. */
const INVITED_PER_ROUND = 2;

/**
 * Devices of other members that may be reached now: rounds of one device per account and few of those whom one member let in, in each the
 * connected ones first, then those with an agreement, then those that would do best.
 */
export async function findCandidates(sources: CandidateSources): Promise<readonly (readonly Candidate[])[]> {
  const ranked = new Map<DeviceId, { readonly candidate: Candidate; readonly rank: number }>();
  const add = (candidate: Candidate, rank: number): void => {
    const known = ranked.get(candidate.device);
    const isMember = sources.roster.members.has(candidate.account);
    if (!isMember || candidate.account === sources.account || !sources.mayBeAsked(candidate.device)) return;
    if (known && known.rank >= rank) return;
    ranked.set(candidate.device, {
      candidate,
      rank,
    });
  };
  const known = new Set(sources.agreements.map(({ theirs }) => theirs.device));
  for (const entry of sources.strangers ? sources.directory : []) {
    if (known.has(entry.device) || !sources.mayBeThere(entry.device)) continue;
    const account = await certifiedAccount(sources, entry);
    if (account === undefined) continue;
    const rank = sources.rank(entry, account);
    if (rank > 0) add({ device: entry.device, account, stranger: true }, rank);
  }
  for (const { theirs } of sources.agreements) {
    if (sources.mayBeThere(theirs.device))
      add({ device: theirs.device, account: theirs.account, stranger: false }, 2);
  }
  for (const { peer } of sources.connected) {
    const stranger = !known.has(peer.device);
    if (!stranger || sources.strangers) add({ device: peer.device, account: peer.account, stranger }, 3);
  }

  const taken = new Map<AccountId, number>();
  const invited = new Map<AccountId, number>();
  const invitedBefore = (account: AccountId): number => {
    const inviter = topInviter(account, sources.roster);
    return inviter === undefined ? 0 : countOne(invited, inviter);
  };
  for (const { theirs } of sources.agreements) invitedBefore(theirs.account);
  const rounds = new Map<number, Candidate[]>();
  const inOrder = [...ranked.values()].sort(
    (a, b) => b.rank - a.rank || (a.candidate.device < b.candidate.device ? -1 : 1),
  );
  for (const { candidate } of inOrder) {
    const { account, stranger } = candidate;
    const ofAccount = countOne(taken, account);
    const round = stranger
      ? Math.max(ofAccount, Math.floor(invitedBefore(account) / INVITED_PER_ROUND))
      : ofAccount;
    const before = rounds.get(round);
    if (before === undefined) rounds.set(round, [candidate]);
    else before.push(candidate);
  }
  return [...rounds].sort(([a], [b]) => a - b).map(([, candidates]) => candidates);
}

/** @returns how many were counted before this one */
function countOne<K>(counts: Map<K, number>, key: K): number {
  const before = counts.get(key) ?? 0;
  counts.set(key, before + 1);
  return before;
}

/** What was found of each certificate: a signature is verified once, not at each backup, for each of a thousand members. */
const judged = new WeakMap<Bytes, DeviceCertificate | 'bad'>();

/** The account that a listing's certificate proves; the broker could have written anything. */
async function certifiedAccount(
  { crypto, now }: CandidateSources,
  { certificate, device }: DirectoryEntry,
): Promise<AccountId | undefined> {
  let known = judged.get(certificate);
  if (known === undefined || (known !== 'bad' && now > known.expiresAt)) {
    try {
      known = await verifyCertificate(crypto, certificate, now);
    } catch (error) {
      const fault = faultOf(error);
      // Refused for its time, it may do another day, or with our clock set right.
      if (fault !== 'corrupt' && fault !== 'malformed') return undefined;
      known = 'bad';
    }
    judged.set(certificate, known);
  }
  return known !== 'bad' && known.device === device ? known.account : undefined;
}
