import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { ChunkReader } from '../../../src/agent/restore/chunk-reader.ts';
import type { ChunkReaderOptions, ReadPlan } from '../../../src/agent/restore/chunk-reader.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { PackId } from '../../../src/core/ids.ts';
import type { OpenBundles } from '../../../src/core/codec/types.ts';
import { expectFault } from '../../contracts/expect-fault.ts';

const PACK = 'ab'.repeat(16) as PackId;
const BUNDLES = 20;
const PLAN: ReadPlan = new Map([[PACK, Array.from({ length: BUNDLES }, (_, i) => i)]]);

/** A reader of one pack whose bundles hold their number as one byte; counts what is fetched and opened. */
function oneReader(damaged: ReadonlySet<number> = new Set()): {
  readonly read: (bundle: number) => Promise<number | undefined>;
  readonly fetched: number[];
  readonly opened: number[];
} {
  const fetched: number[] = [];
  const opened: number[] = [];
  const options = {
    clock: new VirtualClock(),
    repository: {
      pack: () => Promise.resolve({ packId: PACK, salt: new Uint8Array(32) }),
      chunksOf: () => Promise.resolve([]),
    },
    packs: {
      bundles: async (_pack: unknown, wanted: readonly number[]) => {
        fetched.push(...wanted);
        await Promise.resolve();
        return new Map(wanted.map((index) => [index, new Uint8Array([index])]));
      },
    },
    codec: {
      openBundles: async ({ bundles }: OpenBundles) => {
        opened.push(...bundles.map(({ index }) => index));
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (bundles.some(({ index }) => damaged.has(index))) throw new RoostError('corrupt', 'damaged');
        return bundles.map(({ sealed }) => sealed.slice());
      },
    },
  } as unknown as ChunkReaderOptions;
  const reader = new ChunkReader(options);
  const read = async (bundle: number): Promise<number | undefined> =>
    (await reader.chunkAt({ packId: PACK, bundle, offset: 0, length: 1 }, PLAN, undefined))[0];
  return { read, fetched, opened };
}

describe('Many files read side by side', () => {
  it('have each bundle fetched once and opened once', async () => {
    const { read, fetched, opened } = oneReader();
    const wanted = Array.from({ length: 3 * BUNDLES }, (_, i) => Math.floor(i / 3));
    expect(await Promise.all(wanted.map(read))).toEqual(wanted);
    expect(fetched.sort((a, b) => a - b)).toEqual(PLAN.get(PACK));
    expect(opened.sort((a, b) => a - b)).toEqual(PLAN.get(PACK));
  });

  it('lack nothing because of a damaged bundle that was opened beside theirs', async () => {
    const { read } = oneReader(new Set([3, 11]));
    const all = Array.from({ length: BUNDLES }, (_, i) => i);
    const ended = await Promise.allSettled(all.map(read));
    expect(ended.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([3, 11]);
    await expectFault(read(3), 'corrupt');
  });
});
