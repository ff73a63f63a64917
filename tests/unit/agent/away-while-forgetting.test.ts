import { describe, expect, it } from 'vitest';
import { makeTeam, makeWorld, noise, rowsHeld, rowsPlaced, smallTree, told } from './support.ts';

const HOUR = 3_600_000;

describe('a holder that is away while its owner forgets what it keeps', () => {
  it('drops it when it is back, proves the rest and is held to nothing else', async () => {
    const team = await makeTeam(makeWorld('away while forgetting'), 6);
    const { owner, holders, world } = team;
    const source = smallTree();
    for (let run = 0; run < 6; run++) {
      source.set(`runs/${run}.txt`, noise(2_000, run));
      await owner.agent.backup([source]);
    }
    const [away] = holders;
    away!.device.setOffline(true);
    await world.clock.sleep(HOUR);
    await owner.agent.forget({ last: 2 });
    expect(rowsHeld(holders)).not.toEqual(rowsPlaced(owner.device));
    away!.device.setOffline(false);
    for (let day = 0; day < 20; day++) {
      await world.clock.sleep(24 * HOUR);
      const views = owner.agent.state.partners;
      expect(views.map(({ state }) => state)).toEqual(views.map(() => 'active'));
    }
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    expect(told(team, 'audit-failed')).toBe(0);
    world.close();
  });
});
