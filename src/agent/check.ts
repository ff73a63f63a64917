import type { AbortSignalLike } from '../core/progress.ts';
import type { CheckReport, CheckedPartner } from './api.ts';
import { throwIfAborted } from './cancellation.ts';
import { mapLimited } from '../core/limiter.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { Membership } from './running.ts';

/** Holders audited side by side. */
const HOLDERS_AT_ONCE = 8;

/** Audits every holder of ours, now. @throws RoostError 'aborted' */
export async function checkHolders(
  membership: Membership,
  meter: ProgressMeter,
  signal: AbortSignalLike | undefined,
): Promise<CheckReport> {
  const { platform, cooperation } = await membership.start();
  const { clock } = platform;
  const startedAt = clock.monotonic();
  meter.phase('checking');
  const holders = membership.holders();
  for (const { heldBytes } of holders) meter.add({ total: heldBytes });
  const movedBefore = cooperation.traffic();
  const partners = await mapLimited(holders, HOLDERS_AT_ONCE, async (holder): Promise<CheckedPartner> => {
    throwIfAborted(signal);
    const { outcome, segments } = await membership.audit(holder.device, signal);
    meter.add({ done: holder.heldBytes });
    return { ...holder, outcome, segments };
  });
  throwIfAborted(signal);
  return {
    partners,
    provedBytes: partners.reduce((sum, p) => sum + (p.outcome === 'proved' ? p.heldBytes : 0), 0),
    movedBytes: cooperation.traffic() - movedBefore,
    seconds: (clock.monotonic() - startedAt) / 1000,
    introduced: cooperation.brokerOnline,
  };
}
