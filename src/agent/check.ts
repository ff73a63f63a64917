import type { DeviceId } from '../core/ids.ts';
import type { AbortSignalLike } from '../core/progress.ts';
import type { CheckReport, CheckedPartner } from './api.ts';
import { throwIfAborted } from './cancellation.ts';
import type { AgentContext } from './context.ts';
import { mapLimited } from '../core/limiter.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { HolderBook } from './repair/holders.ts';
import { ownPacks } from './repair/pack-source.ts';
import type { Membership } from './running.ts';

/** Holders audited side by side. */
const HOLDERS_AT_ONCE = 8;

/** Audits every holder of ours, now. @throws RoostError 'aborted' */
export async function checkHolders(
  membership: Membership,
  meter: ProgressMeter,
  signal: AbortSignalLike | undefined,
): Promise<CheckReport> {
  const context = await membership.start();
  const { platform, cooperation } = context;
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
  const answered = partners.filter(({ outcome }) => outcome === 'proved' || outcome === 'lost');
  return {
    partners,
    ...(await packsInReach(context, new Set(answered.map(({ device }) => device)))),
    provedBytes: partners.reduce((sum, p) => sum + (p.outcome === 'proved' ? p.heldBytes : 0), 0),
    movedBytes: cooperation.traffic() - movedBefore,
    seconds: (clock.monotonic() - startedAt) / 1000,
    introduced: cooperation.brokerOnline,
  };
}

/** What could be restored from these holders alone. */
async function packsInReach(
  context: AgentContext,
  answered: ReadonlySet<DeviceId>,
): Promise<Pick<CheckReport, 'packs' | 'outOfReach'>> {
  const holders = new HolderBook(context.cooperation);
  let packs = 0;
  let outOfReach = 0;
  for await (const { facts, placements, mine } of ownPacks(context).packs()) {
    if (!mine) continue;
    packs++;
    const here = placements.filter(
      (placement) => answered.has(placement.holder) && holders.look(placement).hold !== 'gone',
    );
    if (new Set(here.map(({ shard }) => shard)).size < facts.code.m) outOfReach++;
  }
  return { packs, outOfReach };
}
