import { describe, expect, it } from 'vitest';
import { RoostError } from '../../../src/core/errors.ts';
import { MemorySink, makeTeam, makeWorld, smallTree } from './support.ts';

const PARALLEL = 4;
const FILES = 44;

describe('a restore into a target that takes no more', () => {
  it.each([0, 7])('stops with one fault when there is no room after %i writes', async (room) => {
    const world = makeWorld('full-target');
    const { owner } = await makeTeam(world, 3);
    await owner.agent.backup([smallTree()]);
    const [snapshot] = await owner.agent.snapshots();
    const sink = new MemorySink({ parallel: PARALLEL });
    let writes = 0;
    sink.onWrite = () => {
      if (++writes > room) throw new RoostError('full', 'no space left on device (ENOSPC)');
    };
    const restored = owner.agent.restore(snapshot!.snapshot, { sink, paths: [] });
    await expect(restored).rejects.toMatchObject({
      fault: 'full',
      message: expect.stringMatching(
        /^the target must have room for 44 files of \d+ bytes, got none left after \d+ files of \d+ bytes: "docs.*": no space left on device \(ENOSPC\)$/,
      ),
    });
    // Those that were under way, too.
    expect(writes).toBeLessThanOrEqual(room + PARALLEL);
    expect(sink.aborted).toContain('got none left');
    expect(sink.finished).toBe(false);
    world.close();
  });

  it('goes on when it refuses single files', async () => {
    const world = makeWorld('refusing-target');
    const { owner } = await makeTeam(world, 3);
    await owner.agent.backup([smallTree()]);
    const [snapshot] = await owner.agent.snapshots();
    const sink = new MemorySink({ parallel: PARALLEL });
    sink.onWrite = (path) => {
      if (path.startsWith('docs/many/file-1')) throw new RoostError('denied', 'permission denied (EACCES)');
    };
    const report = await owner.agent.restore(snapshot!.snapshot, { sink, paths: [] });
    expect(report.failed).toHaveLength(11);
    expect(report.files).toBe(FILES - 11);
    world.close();
  });
});
