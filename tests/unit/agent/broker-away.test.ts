import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import type { Progress } from '../../../src/core/progress.ts';
import {
  MemorySink,
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  recoverByWords,
  restoreFiles,
  revive,
  smallTree,
} from './support.ts';

describe('a broker that is away', () => {
  it('does not keep a device from starting, and is no fault of a backup once it is back', async () => {
    const team = await makeTeam(makeWorld('down at start'), 3);
    const { owner, world } = team;
    await owner.agent.backup([smallTree()]);
    world.broker.down();
    await revive(owner);
    expect(owner.agent.state.broker.online).toBe(false);
    // Not the partners' fault alone, and asking them to come online would not help.
    await expect(owner.agent.backup([smallTree()])).rejects.toMatchObject({ fault: 'unreachable' });
    const { report } = await restoreFiles(owner.agent);
    expect(new Set(report.failed.map(({ fault }) => fault))).toEqual(new Set(['too-few']));
    world.broker.up();
    await world.clock.sleep(120_000);
    expect((await owner.agent.backup([smallTree()])).health).toBe('protected');
    await expectWhole(owner.agent, await contentOf(smallTree()));
    world.close();
  });

  it('is missed by neither backup nor restore while sessions are open, and may forget everything', async () => {
    const team = await makeTeam(makeWorld('down midway'), 3);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    source.set('more.bin', noise(300_000, 9));
    source.onRead = () => {
      world.broker.down();
    };
    const report = await owner.agent.backup([source]);
    source.onRead = undefined;
    expect(report.health).toBe('protected');
    world.broker.up();
    const content = await contentOf(source);
    const sink = new MemorySink();
    sink.onWrite = () => {
      world.broker.down();
    };
    const restored = await owner.agent.restore(report.snapshot, { sink, paths: [] });
    expect(restored.failed).toEqual([]);
    expect(restored.files).toBe(content.size);
    world.broker.forget();
    world.broker.up();
    await world.clock.sleep(20 * 60_000);
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, content, report.snapshot);
    world.close();
  });

  it('leaves nobody guessing who is waited for: how many partners answered is told after a moment', async () => {
    const team = await makeTeam(makeWorld('silence'), 3);
    const { owner, holders, world } = team;
    await owner.agent.backup([smallTree()]);
    const killed = holders[2]!;
    killed.device.crash();
    world.broker.down();
    // So long it takes until a call is given up.
    const slow = { latencyMs: 10_000, bytesPerSecond: Infinity };
    world.network.setSpeed(owner.agent.state.device!, killed.agent.state.device!, slow);
    const startedAt = world.clock.monotonic();
    const told: { readonly after: number; readonly reached: number; readonly of: number }[] = [];
    let last: Progress | undefined;
    await owner.agent.backup([smallTree()], {
      onProgress: (progress) => {
        last = progress;
        const after = world.clock.monotonic() - startedAt;
        if (progress.partners) told.push({ after, ...progress.partners });
      },
    });
    expect(told[0]).toMatchObject({ reached: 2, of: 3 });
    expect(told[0]!.after).toBeLessThan(2_000);
    // It ends by itself, and then nobody is waited for.
    expect(world.clock.monotonic() - startedAt).toBeGreaterThan(10_000);
    expect(last).toMatchObject({ phase: 'finishing', partners: undefined });
    world.close();
  });

  it('keeps a fresh device waiting with a fault that says so, and lets it in later', async () => {
    const team = await makeTeam(makeWorld('down at recovery'), 3);
    const { owner, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    world.broker.down();
    const agent = await createAgent(world.device('fresh').platform);
    await agent.useWords(owner.words);
    await expect(agent.recover()).rejects.toMatchObject({ fault: 'unreachable' });
    world.broker.up();
    await world.clock.sleep(60_000);
    await agent.recover();
    await expectWhole(agent, await contentOf(source));
    world.close();
  });
});
