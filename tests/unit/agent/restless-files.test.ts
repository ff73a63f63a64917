import { describe, expect, it } from 'vitest';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import {
  MemorySource,
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  restoreFiles,
  revive,
  rowsOf,
} from './support.ts';

const LONG = 'x'.repeat(1_100);
const NEWER_NS = 1_800_000_000_000_000_000n;

describe('files that do not hold still', () => {
  it('are a risk when they cannot be read, and a note when they have no content', async () => {
    const { owner, world } = await makeTeam(makeWorld('special'), 3);
    const source = new MemorySource('docs', {
      'kept.txt': 'kept',
      'sub/pipe': { special: 'a pipe has no content to save' },
    });
    const noted = await owner.agent.backup([source]);
    expect(noted).toMatchObject({
      files: 1,
      unreadable: [],
      leftOut: [{ path: 'docs/sub/pipe', reason: 'a pipe has no content to save' }],
      health: 'protected',
    });
    expect((await owner.agent.snapshots())[0]?.unreadableCount).toBe(0);
    source.set('locked.txt', { unreadable: 'permission denied' });
    expect(await owner.agent.backup([source])).toMatchObject({ health: 'at-risk', leftOut: noted.leftOut });
    expect(owner.agent.state.health.reason).toBe('files-unreadable');
    // A later start knows it, until a run has read them.
    await owner.agent.stop();
    await revive(owner);
    expect(owner.agent.state.health).toMatchObject({ state: 'at-risk', reason: 'files-unreadable' });
    const cancelled = world.clock.abortController();
    cancelled.abort();
    await expect(owner.agent.backup([source], { signal: cancelled.signal })).rejects.toMatchObject({
      fault: 'aborted',
    });
    expect(owner.agent.state.health.reason).toBe('files-unreadable');
    source.set('locked.txt', 'open');
    expect(await owner.agent.backup([source])).toMatchObject({ health: 'protected' });
    await owner.agent.stop();
    await revive(owner);
    expect(owner.agent.state.health.reason).toBeUndefined();
    world.close();
  });

  it('are named when they change, vanish or become unreadable, and the next run has them', async () => {
    const team = await makeTeam(makeWorld('restless'), 3);
    const { owner, world } = team;
    const source = new MemorySource('docs', {
      'grows.txt': 'short',
      'shrinks.txt': 'a longer text',
      'rewritten.txt': 'before',
      'large-grows.bin': noise(900_000, 1),
      'large-shrinks.bin': noise(900_000, 2),
      'large-vanishes.bin': noise(6_000_000, 5),
      'vanishes.txt': 'here',
      'locked.txt': 'secret',
      'still.txt': 'still',
    });
    source.failReads('locked.txt', 'refused');
    source.onRead = (path, offset) => {
      if (path === 'grows.txt') source.set(path, { bytes: noise(500, 3), mtimeNs: NEWER_NS });
      if (path === 'shrinks.txt') source.set(path, { bytes: noise(3, 3), mtimeNs: NEWER_NS });
      if (path === 'rewritten.txt') source.set(path, { bytes: noise(6, 3), mtimeNs: NEWER_NS });
      if (path === 'large-grows.bin') source.set(path, { bytes: noise(950_000, 1), mtimeNs: NEWER_NS });
      if (path === 'large-shrinks.bin') source.set(path, { bytes: noise(400_000, 2), mtimeNs: NEWER_NS });
      if (path === 'vanishes.txt') source.remove(path);
      if (path === 'large-vanishes.bin' && offset > 0) source.remove(path);
    };
    const report = await owner.agent.backup([source]);
    expect(report.unreadable.map(({ path }) => path).sort()).toEqual(
      ['grows.txt', 'large-grows.bin', 'large-shrinks.bin', 'large-vanishes.bin', 'locked.txt']
        .concat(['rewritten.txt', 'shrinks.txt', 'vanishes.txt'])
        .map((name) => `docs/${name}`),
    );
    expect(owner.agent.state.health.reason).toBe('files-unreadable');
    const first = await restoreFiles(owner.agent, report.snapshot);
    expect(first.report.failed).toEqual([]);
    expect(first.files.has('docs/still.txt')).toBe(true);
    source.onRead = undefined;
    source.failReads('locked.txt', undefined);
    const next = await owner.agent.backup([source]);
    expect(next.unreadable).toEqual([]);
    expect(next.health).toBe('protected');
    await expectWhole(owner.agent, await contentOf(source), next.snapshot);
    world.close();
  });

  it('are forgotten by the scan once they are gone, and read again when they are back', async () => {
    const team = await makeTeam(makeWorld('gone'), 2);
    const { owner, world } = team;
    const remembered = (): number => rowsOf(owner.device, OWNER_TABLES.files).length;
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i % 3}/${i}`, noise(100, i)]));
    const source = new MemorySource('docs', files);
    await owner.agent.backup([source]);
    expect(remembered()).toBe(30);
    source.remove('f1');
    source.takeReadBytes();
    const fewer = await owner.agent.backup([source]);
    expect([remembered(), source.takeReadBytes()]).toEqual([20, 0]);
    await expectWhole(owner.agent, await contentOf(source), fewer.snapshot);
    source.set('f1/1', noise(100, 1));
    source.takeReadBytes();
    const again = await owner.agent.backup([source]);
    expect([remembered(), source.takeReadBytes()]).toEqual([21, 100]);
    await expectWhole(owner.agent, await contentOf(source), again.snapshot);
    world.close();
  });

  it('are named when no snapshot can keep their names, targets or depth', async () => {
    const team = await makeTeam(makeWorld('unkeepable'), 2);
    const { owner, world } = team;
    const deep = Array.from({ length: 300 }, (_, i) => `d${i}`).join('/');
    const source = new MemorySource('docs', {
      'good.txt': 'good',
      'lone \ud800 surrogate': 'x',
      [LONG]: 'x',
      '..': 'x',
      'nul\0': 'x',
      'far link': { link: LONG.repeat(40) },
      'odd link': { link: 'to \udfff' },
      [`${deep}/file.txt`]: 'deep',
      sub: { unreadable: 'permission denied' },
    });
    const report = await owner.agent.backup([source]);
    const named = report.unreadable.map(({ path }) => path);
    for (const name of [LONG, '..', 'nul\0', 'far link', 'odd link', 'sub'])
      expect(named).toContain(`docs/${name}`);
    expect(named.some((path) => path.includes('surrogate'))).toBe(true);
    expect(named.some((path) => path.startsWith('docs/d0/d1'))).toBe(true);
    const { files, report: restored } = await restoreFiles(owner.agent, report.snapshot);
    expect(restored.failed).toEqual([]);
    expect([...files.keys()]).toEqual(['docs/good.txt']);
    world.close();
  });

  it('refuses folders whose names clash or lead elsewhere before anything is sent', async () => {
    const team = await makeTeam(makeWorld('names of folders'), 2);
    const { agent } = team.owner;
    const twice = [new MemorySource('docs', { a: '1' }), new MemorySource('docs', { b: '2' })];
    await expect(agent.backup(twice)).rejects.toMatchObject({ fault: 'usage' });
    for (const name of ['', '..', 'a/b'])
      await expect(agent.backup([new MemorySource(name, { a: '1' })])).rejects.toMatchObject({
        fault: 'usage',
      });
    team.world.close();
  });
});
