import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import { MIB } from '../../../src/core/limits.ts';
import { MemorySource, makeTeam, makeWorld, noise } from './support.ts';

describe('the limit of uploads', () => {
  it('is obeyed within 5 % by a whole backup to six partners', async () => {
    const world = makeWorld('limited');
    const { owner } = await makeTeam(world, 6);
    await owner.agent.setUploadLimit(MIB);
    const started = world.clock.monotonic();
    const { sentBytes } = await owner.agent.backup([
      new MemorySource('big', { 'one.bin': noise(8 * MIB, 1) }),
    ]);
    const speed = sentBytes / ((world.clock.monotonic() - started) / 1000);
    expect(speed / MIB).toBeGreaterThan(0.95);
    expect(speed / MIB).toBeLessThan(1.05);
    world.close();
  });

  it('is kept until it is set anew', async () => {
    const world = makeWorld('kept limit');
    const { owner } = await makeTeam(world, 0);
    const stateOfNext = async (): Promise<number | undefined> =>
      (await createAgent(owner.device.platform)).state.uploadLimit;
    expect(owner.agent.state.uploadLimit).toBeUndefined();
    await owner.agent.setUploadLimit(2 * MIB);
    expect(owner.agent.state.uploadLimit).toBe(2 * MIB);
    expect(await stateOfNext()).toBe(2 * MIB);
    await owner.agent.setUploadLimit(undefined);
    expect(owner.agent.state.uploadLimit).toBeUndefined();
    expect(await stateOfNext()).toBeUndefined();
    world.close();
  });

  it('must leave enough for every partner to get a segment in time', async () => {
    const world = makeWorld('small limit');
    const { owner } = await makeTeam(world, 0);
    for (const wrong of [0, -1, 65_535, 1e6 + 0.5, Infinity, NaN]) {
      await expect(owner.agent.setUploadLimit(wrong)).rejects.toMatchObject({ fault: 'usage' });
    }
    await owner.agent.setUploadLimit(65_536);
    world.close();
  });
});
