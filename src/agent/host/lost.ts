import type { Log } from '../../ports/log.ts';
import type { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { heldRowKey, samePlace } from './held-row.ts';

/**
 * Marks a row as lost for good, unless it was moved or released meanwhile.
 * @returns whether it was marked
 */
export async function markLost(
  commits: CommitQueue,
  log: Log,
  held: HeldRow,
  why: 'missing' | 'hash',
): Promise<boolean> {
  const marked = await commits.run({
    apply: async (view) => {
      const key = heldRowKey(held.agreement, held.row);
      const now = await view.get(key);
      if (now === undefined || now.lost || !samePlace(now, held)) return false;
      view.set(key, { ...now, lost: true });
      return true;
    },
  });
  if (marked)
    log.warn('store.row-lost', { agreement: held.agreement, row: held.row, bytes: held.bytes, why });
  return marked;
}
