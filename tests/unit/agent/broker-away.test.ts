import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
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
