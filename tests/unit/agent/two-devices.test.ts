import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import {
  MemorySource,
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  recoverByWords,
  smallTree,
} from './support.ts';

const MONTH_MS = 31 * 24 * 3_600_000;

function folder(name: string, seed: number): MemorySource {
  return new MemorySource(name, {
    'shared.bin': noise(200_000, 77),
    'own.bin': noise(150_000, seed),
    'notes.txt': `notes of ${name}`,
  });
}

describe('two devices of one account', () => {
  it('keep both their snapshots, whoever saves last, and each sees both', async () => {
    const team = await makeTeam(makeWorld('two devices'), 3);
    const { owner, world } = team;
    const first = folder('laptop', 1);
    const second = folder('phone', 2);
    const { snapshot: a } = await owner.agent.backup([first]);
    const phone = await recoverByWords(world, owner.words, 'phone');
    const { snapshot: b, storedBytes } = await phone.backup([second]);
    // What the first saved is not sent again.
    expect(storedBytes).toBeLessThan(190_000);
    first.set('more.txt', 'more');
    const { snapshot: c } = await owner.agent.backup([first]);
    expect((await owner.agent.snapshots()).map(({ snapshot }) => snapshot).sort()).toEqual([a, b, c].sort());
    await expectWhole(owner.agent, await contentOf(second), b);
    await phone.backup([second]);
    await expectWhole(phone, await contentOf(first), c);
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    expect(await fresh.snapshots()).toHaveLength(4);
    await expectWhole(fresh, await contentOf(first), c);
    await expectWhole(fresh, await contentOf(second), b);
    for (const agent of [owner.agent, phone])
      expect(agent.state.activity.filter(({ event }) => event === 'pieces-lost')).toEqual([]);
    world.close();
  });

  it('free nothing that the other needs, even a month later', async () => {
    const team = await makeTeam(makeWorld('two devices forget'), 3);
    const { owner, world } = team;
    const first = folder('laptop', 1);
    const second = folder('phone', 2);
    await owner.agent.backup([first]);
    const phone = await recoverByWords(world, owner.words, 'phone');
    const { snapshot } = await phone.backup([second]);
    // The laptop does not need what the phone refers to in its packs any more.
    first.remove('shared.bin');
    first.remove('own.bin');
    await owner.agent.backup([first]);
    for (let month = 0; month < 3; month++) {
      await owner.agent.forget({ last: 1 });
      await owner.agent.backup([first]);
      await expectWhole(phone, await contentOf(second), snapshot);
      for (const device of world.devices.values()) device.jumpClock(MONTH_MS);
    }
    await expectWhole(await recoverByWords(world, owner.words, 'fresh'), await contentOf(second), snapshot);
    world.close();
  });

  it('free nothing that a device may refer to which has saved nothing yet', async () => {
    const team = await makeTeam(makeWorld('two devices race'), 3);
    const { owner, world } = team;
    const first = folder('laptop', 1);
    await owner.agent.backup([first]);
    const phone = await recoverByWords(world, owner.words, 'phone');
    const second = folder('phone', 2);
    let forgotten: Promise<unknown> | undefined;
    const emptied = new MemorySource('laptop', { 'notes.txt': 'nothing else' });
    await owner.agent.backup([emptied]);
    second.onRead = () => {
      forgotten ??= owner.agent.forget({ last: 1 });
    };
    const { snapshot } = await phone.backup([second]);
    await forgotten;
    await expectWhole(phone, await contentOf(second), snapshot);
    world.close();
  });

  it('does not rely on what the other freed', async () => {
    const team = await makeTeam(makeWorld('two devices freed'), 3);
    const { owner, world } = team;
    await owner.agent.backup([folder('laptop', 1)]);
    const phone = await createAgent(world.device('phone').platform);
    await phone.useWords(owner.words);
    await phone.recover();
    await owner.agent.backup([new MemorySource('laptop', { 'notes.txt': 'nothing else' })]);
    for (let month = 0; month < 3; month++) {
      await owner.agent.forget({ last: 1 });
      for (const device of world.devices.values()) device.jumpClock(MONTH_MS);
    }
    const second = folder('phone', 2);
    const { snapshot } = await phone.backup([second]);
    await expectWhole(phone, await contentOf(second), snapshot);
    await expectWhole(await recoverByWords(world, owner.words, 'fresh'), await contentOf(second), snapshot);
    world.close();
  });

  it('are asked to act for one another, and neither a stranger nor the device itself is', async () => {
    const team = await makeTeam(makeWorld('delegates'), 2);
    const { owner, holders, world } = team;
    await owner.agent.backup([smallTree()]);
    for (const device of [owner.device.device, holders[0]!.device.device]) {
      await expect(owner.agent.setDelegate(device)).rejects.toMatchObject({ fault: 'usage' });
    }
    const second = await recoverByWords(world, owner.words, 'second');
    await expect(owner.agent.setDelegate(second.state.device)).resolves.toBeUndefined();
    world.close();
  });
});
