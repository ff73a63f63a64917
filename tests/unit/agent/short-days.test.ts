import { describe, expect, it } from 'vitest';
import { makeTeam, makeWorld, revive, smallTree } from './support.ts';
import type { Team } from './support.ts';

const HOUR = 3_600_000;
/** of eight hours a day, no multiple of how often partners are looked at */
const USED_MS = 7.7 * HOUR;

type Evening = (team: Team) => Promise<void>;

/** The owner's device is used for some hours a day, and goes off in one way or another. */
const evenings: Readonly<Record<string, { readonly goesOff: Evening; readonly goesOn: Evening }>> = {
  'whose tab is closed each evening': {
    goesOff: async ({ owner }) => {
      owner.device.crash();
      await Promise.resolve();
    },
    goesOn: ({ owner }) => revive(owner),
  },
  'whose computer sleeps each night': {
    goesOff: async ({ owner }) => {
      owner.device.sleep();
      await Promise.resolve();
    },
    goesOn: async ({ owner }) => {
      owner.device.wake();
      await Promise.resolve();
    },
  },
  'whose program ends in order each evening': {
    goesOff: async ({ owner }) => {
      await owner.agent.stop();
      owner.device.shutDown();
    },
    goesOn: ({ owner }) => revive(owner),
  },
};

describe('an owner', () => {
  it.each(Object.keys(evenings))(
    '%s holds silence against a partner by the day, not by the hours of use',
    async (name) => {
      const { goesOff, goesOn } = evenings[name]!;
      const team = await makeTeam(makeWorld(name), 5);
      const { owner, world, holders } = team;
      await owner.agent.backup([smallTree()]);
      holders[0]!.device.crash();
      const gone = holders[0]!.device.device;
      const stateOfGone = () => owner.agent.state.partners.find(({ device }) => device === gone)!.state;
      const states: string[] = [];
      for (let day = 1; day <= 17; day++) {
        await world.clock.sleep(USED_MS);
        states.push(stateOfGone());
        await goesOff(team);
        await world.clock.sleep(24 * HOUR - USED_MS);
        await goesOn(team);
      }
      // An appliance is suspect after an hour and has fourteen days of grace.
      expect(states.slice(0, 14)).toEqual(Array.from({ length: 14 }, () => 'suspect'));
      expect(states.at(-1)).toBe('reneged');
      for (const { device } of holders.slice(1)) {
        const partner = owner.agent.state.partners.find((p) => p.device === device.device)!;
        expect(partner.state).toBe('active');
      }
      world.close();
    },
  );
});
