import { describe, expect, it } from 'vitest';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import type { ScrubResult } from '../../../src/agent/host/scrub.ts';
import { Scrubber } from '../../../src/agent/host/scrubber.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { MetaStore } from '../../../src/ports/meta-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A store of numbered rows that notes which were read, and when. */
function shelf(rows: number) {
  const clock = new VirtualClock();
  const disk = new MemoryDisk(new SeededRandom('scrubber'), {});
  const meta: MetaStore = new MemoryMetaStore(disk, new Life());
  const reads: { readonly row: number; readonly at: number }[] = [];
  const steps: number[] = [];
  const handlers = new Set<() => void>();
  const store = {
    rows,
    failing: false,
    onChange: (handler: () => void) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    hold: (count: number) => {
      store.rows = count;
      for (const handler of handlers) handler();
    },
    scrub: ({ after, limit }: { readonly after?: string; readonly limit: number }): Promise<ScrubResult> => {
      if (store.failing) return Promise.reject(new RoostError('internal', 'the disk does not answer'));
      steps.push(clock.monotonic());
      const first = after === undefined ? 0 : Number(after) + 1;
      const last = Math.min(store.rows, first + limit) - 1;
      for (let row = first; row <= last; row++) reads.push({ row, at: clock.monotonic() });
      const next = last - first + 1 < limit ? undefined : String(last);
      return Promise.resolve({ rows: last - first + 1, bytes: 0, lost: [], next });
    },
  };
  const start = (): Scrubber => {
    const log = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
    };
    const scrubber = new Scrubber({ store, meta, clock, log });
    scrubber.start();
    return scrubber;
  };
  return { clock, store, reads, steps, start };
}

describe('the scrubber', () => {
  for (const rows of [1, 40, 1_000, 200_000]) {
    it(`reads each of ${rows} rows in any 31 days, with ten minutes to a day between steps`, async () => {
      const { clock, reads, steps, start } = shelf(rows);
      start();
      await clock.advance(62 * DAY);
      for (const from of [0, 31 * DAY]) {
        const seen = new Set(
          reads.filter(({ at }) => at > from && at <= from + 31 * DAY).map(({ row }) => row),
        );
        expect(seen.size).toBe(rows);
      }
      const pauses = steps.slice(1).map((at, index) => at - steps[index]!);
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(10 * MINUTE);
      expect(Math.max(...pauses)).toBeLessThanOrEqual(DAY);
    });
  }

  it('comes round on a device that is on for one hour a day', async () => {
    const { clock, reads, start } = shelf(1_000);
    for (let day = 0; day < 35; day++) {
      const scrubber = start();
      await clock.advance(HOUR);
      await scrubber.stop();
      await clock.advance(23 * HOUR);
    }
    expect(new Set(reads.map(({ row }) => row)).size).toBe(1_000);
  });

  it('does nothing while nothing is held, and begins within minutes when something is', async () => {
    const { clock, store, steps, start } = shelf(0);
    start();
    await clock.advance(30 * DAY);
    expect(steps).toEqual([]);
    store.hold(3);
    await clock.advance(11 * MINUTE);
    expect(steps).toHaveLength(1);
    store.hold(0);
    await clock.advance(2 * DAY);
    expect(steps).toHaveLength(1);
  });

  it('goes on after a disk that did not answer', async () => {
    const { clock, store, steps, start } = shelf(10);
    store.failing = true;
    start();
    await clock.advance(DAY);
    store.failing = false;
    await clock.advance(HOUR);
    expect(steps).toHaveLength(1);
  });

  it('goes on after its clock was set back or forward by a year', async () => {
    for (const jump of [-365 * DAY, 365 * DAY]) {
      const { clock, reads, start } = shelf(100);
      const now = clock.now.bind(clock);
      const first = start();
      await clock.advance(DAY);
      await first.stop();
      clock.now = () => now() + jump;
      start();
      await clock.advance(31 * DAY);
      const seen = new Set(reads.filter(({ at }) => at > DAY).map(({ row }) => row));
      expect(seen.size).toBe(100);
    }
  });
});
