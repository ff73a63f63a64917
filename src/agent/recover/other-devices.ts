import { faultOf, messageOf } from '../../core/errors.ts';
import type { AbortSignalLike, OnReached } from '../../core/progress.ts';
import type { AgentContext } from '../context.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { ChunkReader } from '../restore/chunk-reader.ts';
import type { KnownHeads } from './heads.ts';
import { askPartner, keepNewest, safeReads, takeIn } from './heads.ts';

const PARTNERS_UNDER_WAY = 8;

/**
 * What is known of other devices of the account: surely none, all that they saved, or not enough partners answered (or gave
 * their journals) to say either.
 */
export type OthersKnown = 'none' | 'all' | 'unsure';

/**
 * Learns what other devices of the account saved since the last time, so that nothing is relied on that they freed, and nothing
 * freed that they need.
 * @throws RoostError 'aborted'
 */
export async function learnOtherDevices(
  context: AgentContext,
  reader: ChunkReader,
  signal: AbortSignalLike | undefined,
  onReached?: OnReached,
): Promise<OthersKnown> {
  const { cooperation, repository, platform, device } = context;
  const known: KnownHeads = new Map();
  for (const sealed of (await repository.heads()).values()) await keepNewest(context, known, sealed);
  const newest: KnownHeads = new Map(known);
  const partners = [...new Set(cooperation.partners().map((partner) => partner.device))];
  const online = new Set(cooperation.partners().flatMap((p) => (p.online ? [p.device] : [])));
  const asked = partners.filter((partner) => online.has(partner));
  let reached = 0;
  onReached?.({ reached, of: asked.length });
  const answered = await mapLimited(asked, PARTNERS_UNDER_WAY, async (partner) => {
    const read = await askPartner(context, partner, newest, signal);
    if (read) onReached?.({ reached: ++reached, of: asked.length });
    return read;
  });
  newest.delete(device);
  let sure = answered.filter(Boolean).length >= safeReads(partners.length);
  for (const [other, found] of newest) {
    if (known.get(other)?.head.seq === found.head.seq) continue;
    try {
      await takeIn(context, found, reader, signal);
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      sure = false;
      platform.log.warn('journal of another device not read', { device: other, message: messageOf(error) });
    }
  }
  if (!sure) return 'unsure';
  return newest.size === 0 && !cooperation.ledgers().some(({ adopted }) => adopted) ? 'none' : 'all';
}
