import { describe, expect, it } from 'vitest';
import { makeTeam, makeWorld, recoverByWords, smallTree } from './support.ts';

const DAY = 24 * 3_600_000;

describe('partners that were away when an agreement was left', () => {
  it('hear of it when they are met again', async () => {
    const { owner, world, holders } = await makeTeam(makeWorld('left'), 4);
    await owner.agent.backup([smallTree()]);
    const [holder] = holders;
    const device = holder!.device.device!;
    holder!.device.setOffline(true);
    await world.clock.sleep(60_000);
    await owner.agent.endPartnership(device);
    holder!.device.setOffline(false);
    await world.clock.sleep(10 * 60_000);
    const self = owner.agent.state.device!;
    const seen = holder!.agent.state.partners.find((partner) => partner.device === self)!;
    expect(seen.state).toBe('leaving');
    expect(Number(seen.reason!.split(':')[1])).toBeLessThan(world.clock.now() + 15 * DAY);
    world.close();
  });
});

describe('two devices of one account', () => {
  it('show each partner once, with one count of who is online', async () => {
    const { owner, world, holders } = await makeTeam(makeWorld('twice'), 4);
    await owner.agent.backup([smallTree()]);
    const phone = await recoverByWords(world, owner.words, 'phone');
    await phone.start();
    await phone.setOffer(0);
    await phone.backup([smallTree()]);
    await world.clock.sleep(60_000);
    for (const agent of [phone, owner.agent]) {
      const devices = agent.state.partners.map(({ device }) => device);
      expect(new Set(devices).size).toBe(devices.length);
      const { online, partners } = agent.state.health;
      expect(online).toBeLessThanOrEqual(partners);
      expect(partners).toBeLessThanOrEqual(holders.length);
    }
    world.close();
  });

  it('take a holder of the other for good again when it is back, though its pieces are not for this one to audit', async () => {
    const { owner, world, holders } = await makeTeam(makeWorld('back'), 4);
    await owner.agent.backup([smallTree()]);
    owner.device.crash();
    const phone = await recoverByWords(world, owner.words, 'phone');
    await phone.start();
    const [holder] = holders;
    const device = holder!.device.device!;
    const state = (): string => phone.state.partners.find((partner) => partner.device === device)!.state;
    holder!.device.setOffline(true);
    await world.clock.sleep(8 * DAY);
    expect(state()).toBe('suspect');
    holder!.device.setOffline(false);
    await world.clock.sleep(DAY);
    expect(state()).toBe('active');
    world.close();
  });
});
