import type { DeviceId } from '../../core/ids.ts';
import type { AgentContext } from '../context.ts';
import type { PackSource } from '../repair/pack-source.ts';
import type { DutyStore } from './duty-store.ts';

/** The packs of another device of the account. What lies under that device's agreements is left for it to release. */
export function dutyPacks(
  { repository }: Pick<AgentContext, 'repository'>,
  duties: DutyStore,
  owner: DeviceId,
): PackSource {
  return {
    owner,
    releasesAll: false,
    async *packs() {
      for await (const facts of duties.packs(owner)) {
        yield { facts, placements: await repository.rows.placements(facts.packId), mine: true };
      }
    },
  };
}
