import type { AgentApi } from '../agent/api.ts';
import { RoostError } from '../core/errors.ts';

/** @throws RoostError 'usage' unless this home has an account */
export function requireAccount(agent: AgentApi): void {
  if (agent.state.phase === 'new') {
    throw new RoostError('usage', 'this home has no account yet: run "roost init" first');
  }
}

/** @throws RoostError 'usage' unless this home's account is in a cooperative */
export function requireMember(agent: AgentApi): void {
  requireAccount(agent);
  if (agent.state.phase !== 'member') {
    throw new RoostError(
      'usage',
      'this home belongs to no cooperative yet: run "roost join LINK" or "roost found NAME" first',
    );
  }
}
