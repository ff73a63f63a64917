import type { AccountId } from '../../core/ids.ts';
import type { RosterState } from '../../core/roster/types.ts';
import { THIS_COMPUTER } from '../../core/wire/broker-records.ts';

/** Chains of invitations followed upwards; a longer one counts as its last part. */
const INVITERS_MAX = 64;

/**
 * What may fail (or cheat) together: the account; the browser family; the neighbourhood of the address, or this very computer; everybody
 * whom one member let in, directly or through others. Who was let in by the founder has the founder's choice behind it, not a
 * stranger's: the founder's own subtree is the whole cooperative and no domain.
 */
export function failureDomains(of: {
  readonly account: AccountId;
  /** `family on system` */
  readonly platform: string;
  readonly neighbourhood: string | undefined;
  readonly roster: RosterState;
}): readonly string[] {
  const { account, platform, neighbourhood, roster } = of;
  const domains = [`account:${account}`];
  const family = platform.split(' ')[0];
  if (family !== undefined && family !== '') domains.push(`family:${family}`);
  if (neighbourhood === THIS_COMPUTER) domains.push('computer:');
  else if (neighbourhood !== undefined) domains.push(`place:${neighbourhood}`);
  const inviter = topInviter(account, roster);
  if (inviter !== undefined) domains.push(`inviter:${inviter}`);
  return domains;
}

/** The member below the founder in whose subtree an account stands; undefined for one whom the founder let in itself and who let in nobody. */
export function topInviter(account: AccountId, roster: RosterState): AccountId | undefined {
  let current = account;
  for (let steps = 0; steps < INVITERS_MAX; steps++) {
    const inviter = roster.members.get(current)?.invitedBy;
    if (inviter === undefined) return undefined;
    const above = roster.members.get(inviter);
    // The founder, or an inviter who has left: then the subtree begins here.
    if (above?.invitedBy === undefined)
      return current === account && !invitedSomebody(account, roster) ? undefined : current;
    current = inviter;
  }
  return current;
}

const inviters = new WeakMap<RosterState, ReadonlySet<AccountId>>();

function invitedSomebody(account: AccountId, roster: RosterState): boolean {
  let known = inviters.get(roster);
  if (known === undefined) {
    known = new Set([...roster.members.values()].flatMap(({ invitedBy }) => invitedBy ?? []));
    inviters.set(roster, known);
  }
  return known.has(account);
}
