import { describe, expect, it } from 'vitest';
import { decodeStoredPack } from '../../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { GIB, MIB } from '../../../src/core/limits.ts';
import { totalShards } from '../../../src/core/erasure/codes.ts';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  recoverByWords,
  rowsHeld,
  rowsOf,
  rowsPlaced,
  smallTree,
} from './support.ts';

const HOUR = 3_600_000;

describe('an owner with few partners in reach at the hour of its backup', () => {
  it('saves with a code for all of them, and brings the others their pieces when they are back', async () => {
    const team = await makeTeam(makeWorld('few in reach'), 12);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    const early = new Set(
      rowsOf(owner.device, OWNER_TABLES.packs).map((row) => decodeStoredPack(row).packId),
    );
    const away = holders.slice(3);
    for (const { device } of away) device.sleep();
    await world.clock.sleep(5 * 60_000);
    source.set('late.txt', new Uint8Array(50_000).fill(7));
    const { health } = await owner.agent.backup([source]);
    expect(health).toBe('protected');
    const late = rowsOf(owner.device, OWNER_TABLES.packs)
      .map(decodeStoredPack)
      .filter(({ packId }) => !early.has(packId));
    expect(late.length).toBeGreaterThan(0);
    for (const { code, awaited } of late) {
      expect(code.m).toBe(2);
      expect(totalShards(code)).toBeGreaterThan(3);
      expect(awaited).toHaveLength(totalShards(code) - 3);
    }
    expect(owner.agent.state.health.awaited).toBeGreaterThan(0);
    for (const { device } of away) device.wake();
    await world.clock.sleep(6 * HOUR);
    expect(owner.agent.state.health).toMatchObject({ state: 'protected', awaited: 0, missing: 0 });
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    // Those that were there for the backup are needed no more.
    for (const { device } of holders.slice(0, 3)) device.crash();
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, await contentOf(source));
    world.close();
  });

  it('is done although one of those in reach falls asleep meanwhile', async () => {
    const team = await makeTeam(makeWorld('one falls asleep'), 12);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    for (const { device } of holders.slice(6)) device.sleep();
    await world.clock.sleep(5 * 60_000);
    source.set('late.txt', noise(3_000_000, 9));
    let sleeps = false;
    await owner.agent.backup([source], {
      onProgress: ({ phase }) => {
        if (phase !== 'saving' || sleeps) return;
        sleeps = true;
        holders[0]!.device.sleep();
      },
    });
    expect(sleeps).toBe(true);
    for (const { device } of holders.slice(6)) device.wake();
    await world.clock.sleep(60_000);
    await expectWhole(owner.agent, await contentOf(source));
    world.close();
  });

  it('waits for nobody who is there and full', async () => {
    const team = await makeTeam(makeWorld('full'), 12);
    const { owner, holders, world } = team;
    for (const { agent } of holders.slice(6)) await agent.setOffer(16 * MIB + 1000);
    await world.clock.sleep(10 * 60_000);
    const source = smallTree();
    await owner.agent.backup([source]);
    await world.clock.sleep(HOUR);
    source.set('late.txt', noise(50_000, 9));
    await owner.agent.backup([source]);
    await world.clock.sleep(24 * HOUR);
    expect(owner.agent.state.health).toMatchObject({ state: 'protected', awaited: 0, missing: 0 });
    world.close();
  });

  it('brings what waits while another pack is urgent and finds nobody', async () => {
    const team = await makeTeam(makeWorld('urgent all along'), 12);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    const late = holders.slice(3, 11);
    // One partner leaves, and nobody is left who has no piece of the old packs.
    await holders[11]!.agent.endPartnership(owner.device.device!);
    await world.clock.sleep(5_000);
    holders[11]!.device.crash();
    for (const { device } of late) device.sleep();
    await world.clock.sleep(2 * 60_000);
    source.set('late.txt', noise(50_000, 9));
    await owner.agent.backup([source]);
    expect(owner.agent.state.health.awaited).toBeGreaterThan(0);
    for (const { device } of late) device.wake();
    await world.clock.sleep(24 * HOUR);
    expect(owner.agent.state.health.awaited).toBe(0);
    world.close();
  });

  it('finds a new partner for a piece whose taker does not come back, without waiting for the next backup', async () => {
    const team = await makeTeam(makeWorld('one stays away'), 8);
    const { owner, holders, world, invite } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    holders[7]!.device.sleep();
    await world.clock.sleep(5 * 60_000);
    source.set('late.txt', noise(50_000, 9));
    await owner.agent.backup([source]);
    // Long enough to be missed, and too short to be given up.
    await world.clock.sleep(4 * 24 * HOUR);
    expect(owner.agent.state.health).toMatchObject({ missing: 0 });
    const waiting = owner.agent.state.health.awaited;
    expect(waiting).toBeGreaterThan(0);
    const agent = await createAgent(world.device('newcomer').platform);
    await agent.createAccount();
    await agent.setOffer(GIB);
    await agent.join(invite, 'Newcomer');
    await agent.start();
    // Nobody was there for days, so that it is tried no oftener than each 64 hours.
    await world.clock.sleep(66 * HOUR);
    expect(owner.agent.state.health).toMatchObject({ state: 'protected', awaited: 0, missing: 0 });
    world.close();
  });
});
