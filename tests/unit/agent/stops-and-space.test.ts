import { describe, expect, it } from 'vitest';
import { faultOf } from '../../../src/core/errors.ts';
import { GIB, MIB } from '../../../src/core/limits.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { liarTap } from '../../sim/liars/liar-tap.ts';
import {
  MemorySource,
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  rowsHeld,
  rowsPlaced,
  smallTree,
} from './support.ts';

/** Four packs. */
function largeTree(): MemorySource {
  return new MemorySource(
    'big',
    Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`f${i}.bin`, noise(1_000_000, i)])),
  );
}

describe('space and partners', () => {
  it('says that partners are full, and saves once one has room', async () => {
    const team = await makeTeam(makeWorld('full'), 3);
    const { owner, holders, world } = team;
    for (const { agent } of holders) await agent.setOffer(0);
    await world.clock.sleep(5_000);
    await expect(owner.agent.backup([smallTree()])).rejects.toMatchObject({ fault: 'full' });
    expect(owner.agent.state.health.reason).toBe('partners-full');
    for (const { agent } of holders) await agent.setOffer(GIB);
    await world.clock.sleep(5_000);
    expect((await owner.agent.backup([smallTree()])).health).toBe('protected');
    world.close();
  });

  it('says that partners are full when their disks fill up in the middle', async () => {
    const team = await makeTeam(makeWorld('disks full'), 3);
    const { owner, holders, world } = team;
    await owner.agent.backup([smallTree()]);
    for (const { device } of holders) device.disk.capacity = device.disk.used + MIB;
    await expect(owner.agent.backup([largeTree(), smallTree()])).rejects.toMatchObject({ fault: 'full' });
    expect(owner.agent.state.health.reason).toBe('partners-full');
    await expectWhole(owner.agent, await contentOf(smallTree()));
    for (const { device } of holders) device.disk.capacity = 64 * GIB;
    await world.clock.sleep(120_000);
    const report = await owner.agent.backup([largeTree(), smallTree()]);
    expect(report.health).toBe('protected');
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    world.close();
  });

  it('says that there are too few partners when there is none, and forgets it once some are there', async () => {
    const world = makeWorld('none');
    const team = await makeTeam(world, 0);
    const { owner } = team;
    await expect(owner.agent.backup([smallTree()])).rejects.toMatchObject({ fault: 'too-few' });
    expect(owner.agent.state.health.reason).toBe('no-partners');
    for (const name of ['a', 'b']) {
      const agent = await createAgent(world.device(name).platform);
      await agent.createAccount();
      await agent.setOffer(GIB);
      await agent.join(team.invite, name);
      await agent.start();
    }
    await world.clock.sleep(10_000);
    expect((await owner.agent.backup([smallTree()])).health).toBe('protected');
    world.close();
  });
});

describe('a run that is stopped', () => {
  it('does not send packs again that were acknowledged before it was cancelled', async () => {
    const team = await makeTeam(makeWorld('cancel'), 3);
    const { owner, holders, world } = team;
    world.network.speed = { latencyMs: 5, bytesPerSecond: 4_000_000 };
    const source = largeTree();
    const whole = await (async () => {
      const other = await makeTeam(makeWorld('not cancelled'), 3);
      const { sentBytes } = await other.owner.agent.backup([largeTree()]);
      other.world.close();
      return sentBytes;
    })();
    const controller = world.clock.abortController();
    const run = owner.agent.backup([source], {
      signal: controller.signal,
      onProgress: ({ transferred }) => {
        if (transferred > whole * 0.7) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ fault: 'aborted' });
    const report = await owner.agent.backup([source]);
    expect(report.sentBytes).toBeLessThan(whole * 0.75);
    expect(report.health).toBe('protected');
    await expectWhole(owner.agent, await contentOf(source));
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    world.close();
  });

  it('waits while paused, goes on when resumed, and can be cancelled while it waits', async () => {
    const team = await makeTeam(makeWorld('pause'), 3);
    const { owner, world } = team;
    const source = largeTree();
    let paused = false;
    source.onRead = (path) => {
      if (path !== 'f2.bin' || paused) return;
      paused = true;
      owner.agent.pause();
    };
    const run = owner.agent.backup([source]);
    let ended = false;
    void run.then(() => (ended = true));
    await world.clock.sleep(60_000);
    expect(ended).toBe(false);
    expect(owner.agent.state.health.state).toBe('paused');
    owner.agent.resume();
    expect((await run).health).toBe('protected');
    const other = smallTree();
    const controller = world.clock.abortController();
    other.onRead = () => {
      owner.agent.pause();
      world.clock.after(1_000, () => {
        controller.abort();
      });
    };
    other.set('z-large.bin', noise(9_000_000, 5));
    await expect(owner.agent.backup([other], { signal: controller.signal })).rejects.toMatchObject({
      fault: 'aborted',
    });
    other.onRead = undefined;
    expect((await owner.agent.backup([other])).health).toBe('protected');
    await expectWhole(owner.agent, new Map([...(await contentOf(source)), ...(await contentOf(other))]));
    world.close();
  });
});

describe('an agent that is stopped', () => {
  it('does not wait for partners that do not answer', async () => {
    const team = await makeTeam(makeWorld('deaf'), 3);
    const { owner, holders, world } = team;
    await owner.agent.backup([smallTree()]);
    const deaf = liarTap({ asked: ({ ask }) => (ask.kind === 'audit' ? 'swallow' : 'pass') });
    for (const { device } of holders) world.network.tapDevice(device.device!, deaf);
    const checked = owner.agent.check().catch(faultOf);
    await world.clock.sleep(5_000);
    const asked = world.clock.monotonic();
    await owner.agent.stop();
    expect(world.clock.monotonic() - asked).toBeLessThan(1_000);
    await checked;
    world.close();
  });
});
