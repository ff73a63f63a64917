import { describe, expect, it } from 'vitest';
import type { Team } from './support.ts';
import { MemorySink, contentOf, makeTeam, makeWorld, sampleTree } from './support.ts';

async function saved(
  seed: string,
): Promise<{ readonly team: Team; readonly content: Map<string, Uint8Array> }> {
  const team = await makeTeam(makeWorld(seed), 4);
  const source = sampleTree();
  await team.owner.agent.backup([source]);
  return { team, content: await contentOf(source) };
}

async function restore(
  { owner, world }: Team,
  sink: MemorySink,
): Promise<{
  readonly kept: number;
  readonly failed: number;
  readonly received: number;
  readonly files: number;
}> {
  const [newest] = (await owner.agent.snapshots()).slice(-1);
  let received = 0;
  world.network.onDeliver = (message, _, to) => {
    if (to === owner.agent.state.device) received += message.length;
  };
  const { kept, failed, files } = await owner.agent.restore(newest!.snapshot, { sink, paths: [] });
  world.network.onDeliver = undefined;
  return { kept, failed: failed.length, received, files };
}

const filesOf = (sink: MemorySink): Map<string, Uint8Array> =>
  new Map(
    [...sink.collected].filter(([, { kind }]) => kind === 'file').map(([path, { bytes }]) => [path, bytes]),
  );

describe('a restore over what is there already', () => {
  it('goes on where one was cut off, and fetches no more than what lacks', async () => {
    const { team, content } = await saved('cut off');
    const first = new MemorySink();
    // The largest file comes to nothing.
    first.onWrite = (path) => {
      if (path === 'docs/deep/large.bin') throw new Error('cut off');
    };
    const { failed, received: all } = await restore(team, first);
    expect(failed).toBe(1);
    expect(all).toBeGreaterThan(0);
    const second = new MemorySink({ over: first });
    const again = await restore(team, second);
    expect(again).toMatchObject({ failed: 0, files: content.size });
    expect(again.received).toBeGreaterThan(0);
    const empty = [...content.values()].filter(({ length }) => length === 0).length;
    expect(again.kept).toBe(content.size - 1 - empty);
    expect(filesOf(second)).toEqual(content);
    // Once more: nothing lacks, so nobody is needed.
    for (const { device } of team.holders) device.crash();
    const third = new MemorySink({ over: second });
    const last = await restore(team, third);
    expect(last).toMatchObject({ failed: 0, kept: content.size - empty });
    expect(last.received).toBe(0);
    team.world.close();
  });

  it('writes a file anew that differs in a single byte, though its size and time are the same', async () => {
    const { team, content } = await saved('one byte');
    const first = new MemorySink();
    await restore(team, first);
    const path = 'docs/deep/large.bin';
    const file = first.collected.get(path)!;
    const bytes = file.bytes.slice();
    bytes[bytes.length - 1]! ^= 1;
    first.collected.set(path, { ...file, bytes });
    const second = new MemorySink({ over: first });
    const { kept } = await restore(team, second);
    expect(kept).toBeLessThan(content.size);
    expect(filesOf(second)).toEqual(content);
    team.world.close();
  });
});
