import { describe, expect, it } from 'vitest';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  recoverByWords,
  revive,
  rowsHeld,
  rowsPlaced,
  smallTree,
} from './support.ts';
import type { Team } from './support.ts';

/** Devices of which people were told that they lost pieces, by their own word or when ledgers were compared. */
function toldOf({ owner }: Team): Set<unknown> {
  const events = owner.agent.state.activity.filter(
    ({ event }) => event === 'pieces-lost' || event === 'partner-lost-pieces' || event === 'audit-lost',
  );
  return new Set(events.map(({ details }) => details.device));
}

function remade({ owner }: Team): boolean {
  return owner.agent.state.activity.some(({ event }) => event === 'pieces-remade' || event === 'repair-done');
}

/** The browser of a holder took its pieces away, not its keys. */
async function loseVolumes(team: Team, which: readonly number[]): Promise<void> {
  for (const i of which) {
    const holder = team.holders[i]!;
    holder.device.crash();
    holder.device.disk.evict('blobs');
    await revive(holder);
  }
  await team.world.clock.sleep(20_000);
}

describe('pieces that holders lost', () => {
  it('are told and remade, at the latest in the next run', async () => {
    const team = await makeTeam(makeWorld('one lost'), 4);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    await loseVolumes(team, [0, 1]);
    const report = await owner.agent.backup([source]);
    expect(toldOf(team).size).toBe(2);
    expect(remade(team)).toBe(true);
    expect(report.health).toBe('protected');
    expect(report.readBytes).toBe(0);
    expect(rowsHeld(team.holders)).toEqual(rowsPlaced(owner.device));
    for (const i of [2, 3]) team.holders[i]!.device.crash();
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });

  it('are read from the source again when too few are left, and the words still find everything', async () => {
    const team = await makeTeam(makeWorld('too many lost'), 4);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    await loseVolumes(team, [0, 1, 2]);
    const report = await owner.agent.backup([source]);
    expect(toldOf(team).size).toBe(3);
    expect(report.readBytes).toBeGreaterThan(200_000);
    expect(report.health, JSON.stringify(owner.agent.state.health)).toBe('protected');
    const content = await contentOf(source);
    await expectWhole(owner.agent, content, report.snapshot);
    expect(rowsHeld(team.holders)).toEqual(rowsPlaced(owner.device));
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, content, report.snapshot);
    world.close();
  });

  it('go to a spare partner when their holder never comes back with room', async () => {
    const team = await makeTeam(makeWorld('spares'), 5);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    await loseVolumes(team, [0, 1]);
    for (const i of [0]) await team.holders[i]!.agent.setOffer(0);
    const report = await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    expect(remade(team)).toBe(true);
    expect(report.health, JSON.stringify(owner.agent.state.health)).toBe('protected');
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });
});
