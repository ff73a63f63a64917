import { parseCode, totalShards } from '../core/erasure/codes.ts';
import type { Code } from '../core/erasure/codes.ts';
import { RoostError } from '../core/errors.ts';
import { planCode } from '../core/placement/plan.ts';
import type { Partner } from './network/types.ts';
import { placementPartner, takers } from './placement.ts';

/**
 * The code for new packs: as wanted, or with 'auto' (or nothing) what the planner makes of the partners.
 * @throws RoostError 'usage' for a code that cannot be, 'too-few' when it needs more partners than there are
 */
export function chooseCode(wanted: string | undefined, partners: readonly Partner[]): Code {
  const able = takers(partners);
  if (wanted === undefined || wanted === 'auto') return planCode(able.map(placementPartner)).code;
  const code = parseCode(wanted);
  if (totalShards(code) > able.length) {
    throw new RoostError(
      'too-few',
      `code ${wanted} needs ${totalShards(code)} partners, ${able.length} can be reached`,
    );
  }
  return code;
}
