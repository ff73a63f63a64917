import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import type { SnapshotId } from '../../../src/core/ids.ts';
import { MemorySink, contentOf, makeTeam, makeWorld, noise, sampleTree } from './support.ts';
import type { Team } from './support.ts';

async function restoreAll(
  team: Team,
  snapshot?: SnapshotId,
): Promise<{ sink: MemorySink; failed: readonly { path: string; fault: string }[] }> {
  const { agent } = team.owner;
  const id = snapshot ?? (await agent.snapshots())[0]?.snapshot;
  if (!id) throw new Error('no snapshot');
  const sink = new MemorySink();
  const report = await agent.restore(id, { sink, paths: [] });
  return { sink, failed: report.failed };
}

describe('a folder goes in and comes back', () => {
  it('restores byte for byte after the owner lost everything and k holders vanished', async () => {
    const world = makeWorld('slice');
    const team = await makeTeam(world, 6);
    const source = sampleTree();
    const report = await team.owner.agent.backup([source]);
    expect(report.health).toBe('protected');
    expect(report.unreadable).toEqual([]);
    team.owner.device.crash();
    for (const { device } of team.holders.slice(0, 3)) device.crash();

    const fresh = await createAgent(world.device('fresh').platform);
    await fresh.useWords(team.owner.words);
    const recovery = await fresh.recover();
    expect(recovery.snapshots).toBe(1);
    const [snapshot] = await fresh.snapshots();
    const sink = new MemorySink();
    const restored = await fresh.restore(snapshot!.snapshot, { sink, paths: [] });
    expect(restored.failed).toEqual([]);
    const expected = await contentOf(source);
    const got = new Map(
      [...sink.collected].filter(([, f]) => f.kind === 'file').map(([path, f]) => [path, f.bytes]),
    );
    expect([...got.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [path, bytes] of expected) expect(got.get(path), path).toEqual(bytes);
    expect(sink.collected.get('docs/nothing inside')?.kind).toBe('folder');
    expect(sink.collected.get('docs/link')?.entry.target).toBe('readme.txt');
    world.close();
  });

  it('reads no content and sends almost nothing when nothing changed, and only what is new when little did', async () => {
    const world = makeWorld('second run');
    const team = await makeTeam(world, 4);
    const source = sampleTree();
    const first = await team.owner.agent.backup([source]);
    const again = await team.owner.agent.backup([source]);
    expect(again.readBytes).toBe(0);
    expect(again.sentBytes).toBeLessThan(100_000);
    source.set('many/new.bin', noise(50_000, 99));
    const changed = await team.owner.agent.backup([source]);
    expect(changed.readBytes).toBe(50_000);
    expect(changed.sentBytes).toBeLessThan(first.sentBytes / 4);
    source.remove('deep');
    await team.owner.agent.backup([source]);
    const snapshots = await team.owner.agent.snapshots();
    expect(snapshots).toHaveLength(4);
    const { sink, failed } = await restoreAll(team, snapshots[3]!.snapshot);
    expect(failed).toEqual([]);
    expect(sink.collected.get('docs/deep/large.bin')?.bytes).toEqual(noise(3_000_000, 7));
    world.close();
  });

  it('names what cannot be had with k + 1 holders gone', async () => {
    const world = makeWorld('too few');
    const team = await makeTeam(world, 4);
    await team.owner.agent.backup([sampleTree()]);
    for (const { device } of team.holders.slice(0, 3)) device.crash();
    const { failed } = await restoreAll(team);
    expect(failed.map(({ path }) => path)).toContain('docs/deep/large.bin');
    expect(new Set(failed.map(({ fault }) => fault))).toEqual(new Set(['too-few']));
    world.close();
  });

  it('forgets snapshots, frees what only they needed, and keeps the rest whole', async () => {
    const world = makeWorld('forget');
    const team = await makeTeam(world, 3);
    const source = sampleTree();
    await team.owner.agent.backup([source]);
    // Nothing else makes simulated time pass, and of two snapshots of one moment neither is the newer.
    await world.clock.sleep(1_000);
    source.set('deep/large.bin', noise(2_000_000, 8));
    source.remove('deep/copy-of-large.bin');
    await team.owner.agent.backup([source]);
    await world.clock.sleep(5_000);
    const before = team.holders.map(({ agent }) => agent.state.space.held);
    const outcome = await team.owner.agent.forget({ last: 1 });
    expect(outcome.forgotten).toHaveLength(1);
    const { sink, failed } = await restoreAll(team);
    expect(failed).toEqual([]);
    expect(sink.collected.get('docs/deep/large.bin')?.bytes).toEqual(noise(2_000_000, 8));
    await world.clock.sleep(5_000);
    const after = team.holders.map(({ agent }) => agent.state.space.held);
    expect(Math.max(...after)).toBeLessThan(Math.min(...before));
    world.close();
  });
});
