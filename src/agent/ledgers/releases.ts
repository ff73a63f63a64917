import { faultOf } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AgentContext } from '../context.ts';
import type { Partner } from '../network/types.ts';

const ROWS_A_REQUEST = 500;

/** Tells reachable holders which rows they may drop. What cannot be said now is said after the next run. */
export async function drainReleases(
  context: AgentContext,
  partners: readonly Partner[],
  signal?: AbortSignalLike,
): Promise<void> {
  const { repository, cooperation, platform } = context;
  if (!(await repository.ownHead()).acknowledged) return;
  for (const partner of partners) {
    const rows = await repository.releases(partner.agreement.id);
    if (rows.length === 0) continue;
    try {
      const remote = await cooperation.session(partner.device, signal ? { signal } : {});
      for (let i = 0; i < rows.length; i += ROWS_A_REQUEST) {
        const batch = rows.slice(i, i + ROWS_A_REQUEST);
        await remote.release(partner.agreement.id, batch);
        await repository.released(partner.agreement.id, batch);
      }
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('release waits', {
        device: partner.device,
        fault: faultOf(error),
        rows: rows.length,
      });
    }
  }
}
