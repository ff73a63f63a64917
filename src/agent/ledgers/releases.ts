import { faultOf } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AgentContext } from '../context.ts';

const ROWS_A_REQUEST = 500;

/** Tells reachable holders which rows they may drop. What cannot be said now is said after the next run. */
export async function drainReleases(context: AgentContext, signal?: AbortSignalLike): Promise<void> {
  const { repository, cooperation, platform } = context;
  if (!(await repository.ownHead()).acknowledged) return;
  const online = new Set(
    cooperation.partners().flatMap((partner) => (partner.online ? [partner.device] : [])),
  );
  for (const { holder, agreement } of cooperation.ledgers()) {
    if (!online.has(holder)) continue;
    const rows = await repository.releases(agreement);
    if (rows.length === 0) continue;
    try {
      const remote = await cooperation.session(holder, signal ? { signal } : {});
      for (let i = 0; i < rows.length; i += ROWS_A_REQUEST) {
        const batch = rows.slice(i, i + ROWS_A_REQUEST);
        await remote.release(agreement, batch);
        await repository.released(agreement, batch);
      }
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('release waits', { device: holder, fault: faultOf(error), rows: rows.length });
    }
  }
}
