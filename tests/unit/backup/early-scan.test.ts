import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { EarlyScan } from '../../../src/agent/backup/early-scan.ts';
import { ProgressMeter } from '../../../src/agent/progress-meter.ts';
import type { Progress } from '../../../src/core/progress.ts';
import { expectFault } from '../../contracts/expect-fault.ts';

function begin(): {
  readonly clock: VirtualClock;
  readonly source: MemorySource;
  readonly scan: EarlyScan;
  readonly controller: ReturnType<VirtualClock['abortController']>;
  readonly counted: () => Pick<Progress, 'total' | 'filesTotal'>;
} {
  const clock = new VirtualClock();
  const source = new MemorySource('folder', { 'a.txt': 'one', 'b.txt': 'three' });
  let last: Progress | undefined;
  const meter = new ProgressMeter(clock, 'scanning', (progress) => (last = progress));
  const controller = clock.abortController();
  const scan = new EarlyScan([source], meter, clock, controller.signal);
  const counted = (): Pick<Progress, 'total' | 'filesTotal'> => {
    meter.phase('saving');
    return { total: last?.total ?? 0, filesTotal: last?.filesTotal ?? 0 };
  };
  return { clock, source, scan, controller, counted };
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
    expect(counted()).toEqual({ total: 8, filesTotal: 2 });
  });

  it('looks again after a long repair, and counts each file once', async () => {
    const { clock, source, scan, counted } = begin();
    await clock.advance(60_000);
    source.remove('a.txt');
    source.set('late.txt', 'more');
    expect(await paths(scan)).toEqual(['b.txt', 'late.txt']);
    expect(counted()).toEqual({ total: 9, filesTotal: 2 });
  });

  it('ends with its run', async () => {
    const { scan, controller } = begin();
    controller.abort();
    await expectFault(scan.found(), 'aborted');
  });
});
