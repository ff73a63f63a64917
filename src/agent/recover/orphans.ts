import { readHeadEnvelope } from '../../core/snapshot/head.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { AgentContext } from '../context.ts';

/**
 * Another device of the account that has left no new head for so long may be lost, and its packs have nobody to repair them. Should
 * it be alive, both repair, and shards that lie twice are let go later.
 */
export const ORPHANED_AFTER_MS = 14 * 24 * 3_600_000;

/** Devices of the account whose packs this device looks after, because they themselves most likely cannot. */
export async function orphanedDevices({
  repository,
  platform,
  device,
}: Pick<AgentContext, 'repository' | 'platform' | 'device'>): Promise<ReadonlySet<DeviceId>> {
  const orphans = new Set<DeviceId>();
  const now = platform.clock.now();
  for (const [other, sealed] of await repository.heads()) {
    if (other === device) continue;
    const { savedAt } = await readHeadEnvelope(platform.crypto, sealed);
    if (now - savedAt > ORPHANED_AFTER_MS) orphans.add(other);
  }
  return orphans;
}
