import type { Bytes } from '../../core/bytes.ts';
import type { AccountKeys } from '../../core/crypto/account-keys.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { CooperativeId, DeviceId } from '../../core/ids.ts';
import { openHead } from '../../core/snapshot/head.ts';
import type { Platform } from '../../ports/platform.ts';
import type { Rendezvous } from '../../ports/rendezvous.ts';

export interface FoundBackup {
  readonly cooperative: CooperativeId;
  /** devices that are said to hold heads of this account */
  readonly holders: readonly DeviceId[];
  /** copies of heads from the broker's mailbox */
  readonly mailbox: readonly Bytes[];
}

/**
 * Where an account's backup is: the broker says who announced heads for its rendezvous id and keeps copies itself. Nothing of
 * it is believed; the heads prove themselves.
 * @throws RoostError 'wrong-words' when nobody knows these words, 'unreachable'
 */
export async function findBackup(
  platform: Platform,
  rendezvous: Rendezvous,
  keys: AccountKeys,
): Promise<FoundBackup> {
  const found = await rendezvous.lookup(keys.rendezvous);
  const mailbox = await rendezvous.takeHeads(keys.rendezvous);
  const cooperative = (await cooperativeOf(platform, keys, mailbox)) ?? found[0]?.cooperative;
  if (cooperative === undefined) {
    throw new RoostError('wrong-words', 'nobody in reach of this broker holds a backup of these words');
  }
  return {
    cooperative,
    holders: found.filter((f) => f.cooperative === cooperative).map(({ device }) => device),
    mailbox,
  };
}

/** The cooperative that the newest copy which opens names. */
async function cooperativeOf(
  platform: Platform,
  keys: AccountKeys,
  mailbox: readonly Bytes[],
): Promise<CooperativeId | undefined> {
  let newest: { readonly savedAt: number; readonly cooperative: CooperativeId } | undefined;
  for (const sealed of mailbox) {
    try {
      const head = await openHead(platform.crypto, keys, sealed);
      if (!newest || head.savedAt > newest.savedAt) newest = head;
    } catch (error) {
      platform.log.warn('a head at the broker does not verify', { fault: faultOf(error) });
    }
  }
  return newest?.cooperative;
}
