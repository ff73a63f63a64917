import { describe, expect, it } from 'vitest';
import type { PartnerState } from '../../../src/agent/api.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  revive,
  rowsHeld,
  rowsOf,
  rowsPlaced,
  smallTree,
  told,
} from './support.ts';
import type { Team } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function partnerOf({ owner, holders }: Team, holder: number) {
  const { device } = holders[holder]!.device;
  return owner.agent.state.partners.find((partner) => partner.device === device)!;
}
const stateOf = (team: Team, holder: number): PartnerState => partnerOf(team, holder).state;

describe('partners that keep their word', () => {
  it('are proved by themselves, and a check proves all of them now', async () => {
    const team = await makeTeam(makeWorld('proofs'), 4);
    const { owner, world } = team;
    await owner.agent.backup([smallTree()]);
    await world.clock.sleep(2 * DAY);
    for (const holder of [0, 1, 2, 3]) {
      const { lastProofAt, proofs } = partnerOf(team, holder);
      expect(lastProofAt).toBeGreaterThan(world.clock.now() - 2 * DAY);
      expect(proofs).toMatchObject({ failed: 0 });
      expect(proofs.passed).toBeGreaterThan(0);
    }
    const report = await owner.agent.check();
    expect(report.partners.map(({ outcome }) => outcome)).toEqual(['proved', 'proved', 'proved', 'proved']);
    expect(report.provedBytes).toBeGreaterThan(0);
    world.close();
  });

  it('are too few to restore from when more than the code allows for do not answer a check', async () => {
    const team = await makeTeam(makeWorld('out-of-reach'), 5);
    const { owner, world } = team;
    await owner.agent.backup([smallTree()], { code: 'reed-solomon:3+2' });
    const { packs, outOfReach } = await owner.agent.check();
    expect(packs).toBeGreaterThan(0);
    expect(outOfReach).toBe(0);
    for (const holder of [0, 1]) team.holders[holder]!.device.crash();
    await world.clock.sleep(60_000);
    expect(await owner.agent.check()).toMatchObject({ packs, outOfReach: 0 });
    team.holders[2]!.device.crash();
    await world.clock.sleep(60_000);
    expect(await owner.agent.check()).toMatchObject({ packs, outOfReach: packs });
    world.close();
  });

  it('are suspect while they are silent, and welcome back with their pieces within the time of grace', async () => {
    const team = await makeTeam(makeWorld('fortnight'), 4);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    const before = rowsHeld(team.holders);
    team.holders[0]!.device.crash();
    await world.clock.sleep(3 * HOUR);
    expect(stateOf(team, 0)).toBe('suspect');
    await world.clock.sleep(13 * DAY);
    expect(stateOf(team, 0)).toBe('suspect');
    await revive(team.holders[0]!);
    await world.clock.sleep(HOUR);
    expect(stateOf(team, 0)).toBe('active');
    expect(told(team, 'partner-reneged')).toBe(0);
    for (const row of before) expect(rowsHeld(team.holders)).toContain(row);
    expect((await owner.agent.backup([source])).health).toBe('protected');
    world.close();
  });

  it('are given up, told and replaced at the end of it', async () => {
    const team = await makeTeam(makeWorld('reneged'), 6);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    const holding = team.holders.findIndex((_, i) => partnerOf(team, i).held > 0);
    team.holders[holding]!.device.crash();
    await world.clock.sleep(16 * DAY);
    expect(stateOf(team, holding)).toBe('reneged');
    expect(told(team, 'partner-reneged')).toBe(1);
    expect(told(team, 'repair-done')).toBeGreaterThan(0);
    const rest = team.holders.filter((_, i) => i !== holding);
    expect(rowsHeld(rest)).toEqual(rowsPlaced(owner.device));
    expect(rowsOf(owner.device, OWNER_TABLES.ledgers)).toHaveLength(rowsPlaced(owner.device).length);
    expect(owner.agent.state.health.state).toBe('protected');
    await revive(team.holders[holding]!);
    await world.clock.sleep(2 * DAY);
    expect(
      team.holders[holding]!.agent.state.activity.filter(({ event }) => event === 'reported-us'),
    ).toHaveLength(1);
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });

  it('say themselves what they lost, and their pieces are made again on others at once', async () => {
    const team = await makeTeam(makeWorld('evicted'), 6);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    const holding = team.holders.findIndex((_, i) => partnerOf(team, i).held > 0);
    const holder = team.holders[holding]!;
    const terms = partnerOf(team, holding).agreement;
    holder.device.crash();
    holder.device.disk.evict('blobs');
    await revive(holder);
    await world.clock.sleep(2 * HOUR);
    // Welcome again at once, on new terms.
    expect(stateOf(team, holding)).toBe('active');
    expect(partnerOf(team, holding).agreement).not.toBe(terms);
    expect(told(team, 'partner-lost-pieces')).toBeGreaterThan(0);
    expect(told(team, 'partner-reneged')).toBe(0);
    expect(owner.agent.state.health).toMatchObject({ state: 'protected', missing: 0 });
    expect(rowsHeld(team.holders)).toEqual(rowsPlaced(owner.device));
    world.close();
  });

  it('are not condemned by a clock that jumps a year, by sleep, or by a broker that is away for a month', async () => {
    const team = await makeTeam(makeWorld('jumps'), 4);
    const { owner, world } = team;
    await owner.agent.backup([smallTree()]);
    owner.device.jumpClock(365 * DAY);
    team.holders[1]!.device.jumpClock(-365 * DAY);
    await world.clock.sleep(2 * DAY);
    owner.device.jumpClock(-365 * DAY);
    await world.clock.sleep(2 * DAY);
    world.broker.down();
    for (const holder of team.holders) await revive(holder);
    await world.clock.sleep(31 * DAY);
    world.broker.up();
    await world.clock.sleep(2 * DAY);
    for (const holder of [0, 1, 2, 3]) expect(stateOf(team, holder)).toBe('active');
    expect(told(team, 'partner-reneged')).toBe(0);
    world.close();
  });

  it('leave in order: their pieces move to others before they are gone', async () => {
    const team = await makeTeam(makeWorld('leaving'), 6);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    const holding = team.holders.findIndex((_, i) => partnerOf(team, i).held > 0);
    const holder = team.holders[holding]!;
    const [toOwner] = holder.agent.state.partners.filter(({ device }) => device === owner.device.device);
    await holder.agent.endPartnership(toOwner!.device);
    await world.clock.sleep(2 * DAY);
    expect(partnerOf(team, holding).held).toBe(0);
    expect(owner.agent.state.health.state).toBe('protected');
    const rest = team.holders.filter((_, i) => i !== holding);
    expect(rowsHeld(rest)).toEqual(rowsPlaced(owner.device));
    world.close();
  });
});
