import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { fileKey, folderKey } from '../../../src/agent/backup/file-keys.ts';
import { EarlyScan } from '../../../src/agent/backup/early-scan.ts';
import { ProgressMeter } from '../../../src/agent/progress-meter.ts';
import { Repository } from '../../../src/agent/repository/repository.ts';
import { parseChunkId, parsePackId } from '../../../src/core/ids.ts';
import type { Progress } from '../../../src/core/progress.ts';
import type { SourceEntry } from '../../../src/ports/source.ts';
import { expectFault } from '../../contracts/expect-fault.ts';

type Counted = Pick<Progress, 'done' | 'total' | 'files' | 'filesTotal'>;

function begin(repository = newRepository()): {
  readonly clock: VirtualClock;
  readonly source: MemorySource;
  readonly scan: EarlyScan;
  readonly controller: ReturnType<VirtualClock['abortController']>;
  readonly counted: () => Counted;
} {
  const clock = new VirtualClock();
  const source = new MemorySource('folder', { 'a.txt': 'one', 'b.txt': 'three' });
  let last: Progress | undefined;
  const meter = new ProgressMeter(clock, 'scanning', (progress) => (last = progress));
  const controller = clock.abortController();
  const scan = new EarlyScan([source], repository, meter, clock, controller.signal);
  const counted = (): Counted => {
    meter.phase('saving');
    const { done = 0, total = 0, files = 0, filesTotal = 0 } = last ?? {};
    return { done, total, files, filesTotal };
  };
  return { clock, source, scan, controller, counted };
}

const newRepository = (): Repository =>
  new Repository(createMemoryWorld({ seed: 'scan', mode: 'auto' }).device('owner').platform.meta);

/** A repository that remembers one file of `begin` as it is, with its one chunk in a pack. */
async function withMemoryOf(path: string, bytes: number) {
  const repository = newRepository();
  const [id, pack] = [parseChunkId('1'.repeat(64)), parsePackId('2'.repeat(32))];
  await repository.apply([repository.operations.chunks(pack, [{ id, bundle: 0, offset: 0, length: bytes }])]);
  const entries = await Array.fromAsync(new MemorySource('folder', { [path]: 'x'.repeat(bytes) }).entries());
  const entry = entries.find((found): found is SourceEntry => found.kind === 'file')!;
  const record = { size: bytes, mtimeNs: entry.mtimeNs, chunks: [id] };
  await repository.cache.putFiles([{ key: fileKey(folderKey('folder'), path), record }]);
  return { repository, pack };
}

async function paths(scan: EarlyScan): Promise<readonly string[]> {
  return (await scan.found()).flatMap(({ table }) => [...table.files()].map(({ path }) => path)).sort();
}

describe('A scan that began before it was needed', () => {
  it('tells what lay in the folders then, when that was a moment ago', async () => {
    const { clock, source, scan, counted } = begin();
    await clock.advance(1_000);
    source.set('late.txt', 'more');
    expect(await paths(scan)).toEqual(['a.txt', 'b.txt']);
    expect(counted()).toEqual({ done: 0, total: 8, files: 0, filesTotal: 2 });
  });

  it('looks again after a long repair, and counts each file once', async () => {
    const { clock, source, scan, counted } = begin();
    await clock.advance(60_000);
    source.remove('a.txt');
    source.set('late.txt', 'more');
    expect(await paths(scan)).toEqual(['b.txt', 'late.txt']);
    expect(counted()).toEqual({ done: 0, total: 9, files: 0, filesTotal: 2 });
  });

  it('knows what is stored already', async () => {
    const { repository } = await withMemoryOf('a.txt', 3);
    const { scan, counted } = begin(repository);
    const [found] = await scan.found();
    expect(found!.table.unsavedBytes()).toBe(5);
    expect(counted()).toEqual({ done: 3, total: 8, files: 1, filesTotal: 2 });
  });

  it('looks again when a pack was lost meanwhile, and counts each file once', async () => {
    const { repository, pack } = await withMemoryOf('a.txt', 3);
    const { clock, scan, counted } = begin(repository);
    await clock.advance(1_000);
    await repository.apply([repository.operations.dropChunks(pack)]);
    const [found] = await scan.found();
    expect(found!.table.unsavedBytes()).toBe(8);
    expect(counted()).toEqual({ done: 0, total: 8, files: 0, filesTotal: 2 });
  });

  it('asks at each of many files whether its turn is over', async () => {
    const FILES = 300;
    let asked = 0;
    const clock = new (class extends VirtualClock {
      override pass(): undefined {
        asked++;
      }
    })();
    const { repository } = await withMemoryOf('a.txt', 3);
    const names = Array.from({ length: FILES }, (_, number) => [`${number}.txt`, 'same']);
    const source = new MemorySource('folder', { 'a.txt': 'one', ...Object.fromEntries(names) });
    const meter = new ProgressMeter(clock, 'scanning', () => undefined);
    const [found] = await new EarlyScan([source], repository, meter, clock, undefined).found();
    expect(found!.files).toBe(FILES + 1);
    expect(asked).toBeGreaterThanOrEqual(FILES);
  });

  it('ends with its run', async () => {
    const { scan, controller } = begin();
    controller.abort();
    await expectFault(scan.found(), 'aborted');
  });
});
