import type { DeviceId } from '../../core/ids.ts';
import type { AgentContext } from '../context.ts';
import { reconcileLedgers } from '../ledgers/reconcile.ts';
import { drainReleases } from '../ledgers/releases.ts';
import { takeHolders } from '../ledgers/take-holders.ts';
import { repairPacks } from '../repair/repair-packs.ts';
import type { Repaired } from '../repair/repair-packs.ts';
import type { RepairWork } from '../repair/repair-work.ts';
import { dutyPacks } from './duty-source.ts';
import type { DutyStore } from './duty-store.ts';

/** An owner that was there within this time repairs itself: two at once would do the same work twice. */
const STAND_IN_AFTER_MS = 24 * 3_600_000;

/**
 * Whether it is time to repair in the place of an owner. Should both do it all the same, shards that lie twice are let go later.
 * @param lastHeard milliseconds since 1970 when its device was last connected, or gave us its duty
 * @param now milliseconds since 1970
 */
export function shouldStandIn(lastHeard: number, now: number): boolean {
  return now - lastHeard >= STAND_IN_AFTER_MS;
}

/**
 * Repairs the packs of another device of the account, under agreements of this one. Needs K_shard only: no head, index or content is
 * opened. The owner finds what was done in the ledgers when it is back. Must not run beside another run of this device.
 * @throws RoostError 'aborted'
 */
export async function standIn(
  context: AgentContext,
  duties: DutyStore,
  owner: DeviceId,
  work: Omit<RepairWork, 'source' | 'giveUpLost'>,
): Promise<Repaired> {
  await takeHolders(context, new Set(), work.signal);
  await reconcileLedgers(context, work.signal);
  const repaired = await repairPacks(context, { ...work, source: dutyPacks(context, duties, owner) });
  await drainReleases(context, work.signal);
  return repaired;
}
