import type { Bytes } from '../bytes.ts';
import { compareBytes, equalBytes } from '../bytes.ts';
import { decodeAdmission, decodeEntry } from './entry.ts';
import type { Roster } from './roster.ts';

/**
 * Which of two verified rosters of one cooperative all members follow: the one with more steward entries, then the longer,
 * then the one with the lower head hash. Steward entries count first because ordinary members can lengthen a chain at will:
 * a removed member must not undo its removal by a longer chain from before it.
 */
export function chooseRoster<T extends Pick<Roster, 'stewardEntries' | 'length' | 'head'>>(a: T, b: T): T {
  const order = b.stewardEntries - a.stewardEntries || b.length - a.length || compareBytes(a.head, b.head);
  return order <= 0 ? a : b;
}

/**
 * Admissions that are on the losing branch only and still mean somebody who is outside: each may be appended to the winner
 * again (`admitEntry`), as long as its invite has uses left.
 * @param winner the roster chosen, with its entries
 * @param loser entries of the other branch, verified
 */
export function lostAdmissions(
  winner: Roster,
  winnerEntries: readonly Bytes[],
  loser: readonly Bytes[],
): Bytes[] {
  let fork = 0;
  for (;;) {
    const a = winnerEntries[fork];
    const b = loser[fork];
    if (a === undefined || b === undefined || !equalBytes(a, b)) break;
    fork++;
  }
  const lost = new Map<string, Bytes>();
  for (const bytes of loser.slice(fork)) {
    const { change } = decodeEntry(bytes);
    if (change.kind === 'remove') lost.delete(change.account);
    if (change.kind !== 'admit') continue;
    const { account } = decodeAdmission(change.admission);
    if (!winner.members.has(account) && !winner.removed.has(account)) lost.set(account, change.admission);
  }
  return [...lost.values()];
}
