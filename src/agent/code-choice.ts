import { parseCode, totalShards } from '../core/erasure/codes.ts';
import type { Code } from '../core/erasure/codes.ts';
import { RoostError } from '../core/errors.ts';
import { planCode } from '../core/placement/plan.ts';
import type { Partner } from './network/types.ts';
import { placementPartner, takers } from './placement.ts';

/** A partner seen within this time is likely to come again soon enough to take the pieces that wait for it. */
const SEEN_LATELY_MS = 48 * 3_600_000;

/**
 * The code for new packs: as wanted, or with 'auto' (or nothing) what the planner makes of the partners. Not only of those in reach: at the
 * hour of a run these may be three of fifty, and a pack keeps its code for good.
 * @param inReach partners that take pieces now
 * @param all every partner; who is online and not among those in reach has no room
 * @param now milliseconds since 1970
 * @throws RoostError 'usage' for a code that cannot be, 'too-few' when it needs more partners than are in reach
 */
export function chooseCode(
  wanted: string | undefined,
  inReach: readonly Partner[],
  all: readonly Partner[],
  now: number,
): Code {
  const able = takers(inReach);
  if (wanted === undefined || wanted === 'auto') {
    const away = all.filter(({ online, lastSeenAt }) => !online && wasSeenLately(lastSeenAt, now));
    const partners = takers([...able, ...away]).map(placementPartner);
    const here = new Set<string>(able.map(({ device }) => device));
    return planCode(able.length === 0 ? [] : partners, { inReach: here }).code;
  }
  const code = parseCode(wanted);
  if (totalShards(code) > able.length) {
    throw new RoostError(
      'too-few',
      `code ${wanted} needs ${totalShards(code)} partners, ${able.length} can be reached`,
    );
  }
  return code;
}

function wasSeenLately(lastSeenAt: number | undefined, now: number): boolean {
  const age = now - (lastSeenAt ?? -Infinity);
  return age >= 0 && age < SEEN_LATELY_MS;
}
