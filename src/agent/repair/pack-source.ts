import type { DeviceId } from '../../core/ids.ts';
import type { AgentContext } from '../context.ts';
import { orphanedDevices } from '../recover/orphans.ts';
import type { RepairFacts, Placement } from '../repository/records.ts';

/** A pack and where its shards lie. */
export interface LyingPack {
  readonly facts: RepairFacts;
  readonly placements: readonly Placement[];
  /** false for one of another device of the account, which cares for it itself */
  readonly mine: boolean;
}

/** The packs that a repair looks after. */
export interface PackSource {
  /** device whose packs they are */
  readonly owner: DeviceId;
  packs(): AsyncIterable<LyingPack>;
  /** whether rows of other devices' agreements, too, are ours to release: of our own packs, not of those we only stand in for */
  readonly releasesAll: boolean;
}

/**
 * All packs of this device's index, read once together with the placements: both come in the order of the pack ids. Packs of a device that
 * is most likely lost are looked after as our own.
 */
export function ownPacks(context: AgentContext): PackSource {
  const { repository, device } = context;
  return {
    owner: device,
    releasesAll: true,
    async *packs() {
      const orphans = await orphanedDevices(context);
      const placements = repository.rows.allPlacements();
      let next = await placements.next();
      for await (const { device: owner, ...facts } of repository.packFacts()) {
        const lying: Placement[] = [];
        while (next.done !== true && next.value.packId <= facts.packId) {
          if (next.value.packId === facts.packId) lying.push(next.value);
          next = await placements.next();
        }
        yield { facts, placements: lying, mine: owner === device || orphans.has(owner) };
      }
    },
  };
}
