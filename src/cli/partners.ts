import type { AgentApi, PartnerView } from '../agent/api.ts';
import { RoostError } from '../core/errors.ts';

/** The partner that a device id, or the unique beginning of one, means. @throws RoostError 'not-found' | 'usage' */
export function findPartner(agent: AgentApi, name: string): PartnerView {
  if (!/^[0-9a-f]{4,40}$/.test(name)) {
    throw new RoostError('usage', `a partner is at least 4 digits of its device's id, got "${name}"`);
  }
  const [found, another] = agent.state.partners.filter(({ device }) => device.startsWith(name));
  if (found === undefined) throw new RoostError('not-found', `there is no partner ${name}`);
  if (another !== undefined) {
    throw new RoostError('usage', `${name} begins more than one partner's id: give more digits`);
  }
  return found;
}
