import { describe, expect, it } from 'vitest';
import { MemorySource, makeTeam, makeWorld, smallTree } from './support.ts';

describe('folders that a run does not look at', () => {
  it('stay in the snapshot, and are not told as looked at', async () => {
    const world = makeWorld('carried');
    const { owner } = await makeTeam(world, 3);
    const letters = new MemorySource('letters', { 'one.txt': 'one', 'two.txt': 'twice' });
    const all = await owner.agent.backup([smallTree(), letters]);
    expect(all).toMatchObject({ files: 46, carriedFiles: 0, carriedBytes: 0 });
    const some = await owner.agent.backup([letters]);
    expect(some).toMatchObject({
      files: 46,
      carriedFiles: 44,
      bytes: all.bytes,
      carriedBytes: all.bytes - 8,
    });
    const saved = owner.agent.state.activity.filter(({ event }) => event === 'saved');
    expect(saved.map(({ details }) => [details['files'], details['bytes']])).toEqual([
      [2, 8],
      [46, all.bytes],
    ]);
    world.close();
  });
});
