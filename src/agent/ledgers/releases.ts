import { faultOf } from '../../core/errors.ts';
import type { AgreementId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AgentContext } from '../context.ts';
import type { Remote } from '../session/types.ts';

const ROWS_A_REQUEST = 500;

/** Tells reachable holders which rows they may drop. What cannot be said now is said after the next run. */
export async function drainReleases(context: AgentContext, signal?: AbortSignalLike): Promise<void> {
  const { repository, cooperation, platform } = context;
  const online = new Set(
    cooperation.partners().flatMap((partner) => (partner.online ? [partner.device] : [])),
  );
  for (const { holder, agreement } of cooperation.ledgers()) {
    if (!online.has(holder) || (await repository.rows.releases(agreement)).length === 0) continue;
    try {
      await releaseAt(context, await cooperation.session(holder, signal ? { signal } : {}), agreement);
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('release waits', { device: holder, fault: faultOf(error) });
    }
  }
}

/**
 * Tells a holder which rows of one ledger it may drop.
 * @returns false when nothing was told, for no head that needs them no more is acknowledged yet
 * @throws what `release` throws
 */
export async function releaseAt(
  { repository }: AgentContext,
  remote: Remote,
  agreement: AgreementId,
): Promise<boolean> {
  // In this order: what a run marks meanwhile waits for that run's head.
  const rows = await repository.rows.releases(agreement);
  if (!(await repository.ownHead()).acknowledged) return false;
  for (let i = 0; i < rows.length; i += ROWS_A_REQUEST) {
    const batch = rows.slice(i, i + ROWS_A_REQUEST);
    await remote.release(agreement, batch);
    await repository.rows.released(agreement, batch);
  }
  return true;
}
