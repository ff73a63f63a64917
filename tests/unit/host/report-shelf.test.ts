import { describe, expect, it } from 'vitest';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { ReportShelf } from '../../../src/agent/host/report-shelf.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
} from '../../../src/core/ids.ts';
import type { RenegeReport } from '../../../src/core/partnership/renege-report.ts';
import { REPORTS_MAX } from '../../../src/core/wire/limits.ts';
import type { Log } from '../../../src/ports/log.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const silent = (): void => undefined;
const LOG: Log = { debug: silent, info: silent, warn: silent, error: silent };
const NOW = 1_800_000_000_000;

function report(by: number, against: number, at: number): RenegeReport {
  const side = (seed: number): RenegeReport['by'] => ({
    account: accountIdFromBytes(patternBytes(32, seed + 1)),
    device: deviceIdFromBytes(patternBytes(20, seed + 1)),
  });
  return {
    by: side(by),
    against: side(1000 + against),
    cooperative: cooperativeIdFromBytes(patternBytes(32, 1)),
    agreement: agreementIdFromBytes(patternBytes(16, 1)),
    why: 'lost',
    since: at,
    at,
  };
}

/** Stands for a signed report: by whom and against whom. */
const encoded = (by: number, against: number): Bytes => new Uint8Array([by >> 8, by, against >> 8, against]);

async function shelf(): Promise<{ reports: ReportShelf; reopen: () => Promise<ReportShelf> }> {
  const disk = new MemoryDisk(new SeededRandom('reports'));
  const meta = new MemoryMetaStore(disk, new Life());
  const reopen = (): Promise<ReportShelf> => ReportShelf.open(meta, LOG);
  return { reports: await reopen(), reopen };
}

describe('the shelf of reports', () => {
  it('keeps the newest of many, over a restart, too', async () => {
    const { reports, reopen } = await shelf();
    for (let i = 0; i < REPORTS_MAX + 20; i++)
      await reports.put(report(i, 0, NOW + i), encoded(i, 0), NOW + i);
    for (const one of [reports, await reopen()]) {
      const kept = one.list();
      expect(kept).toHaveLength(REPORTS_MAX);
      expect(kept[0]).toEqual(encoded(REPORTS_MAX + 19, 0));
      expect(kept.at(-1)).toEqual(encoded(20, 0));
    }
  });

  it('lets who writes many push out its own, not those of others, whatever its clock says', async () => {
    const { reports } = await shelf();
    for (let i = 0; i < REPORTS_MAX - 32; i++) await reports.put(report(i, 0, NOW), encoded(i, 0), NOW);
    for (let i = 0; i < 300; i++) {
      await reports.put(report(999, i, NOW + 10 ** 12), encoded(999, i), NOW + i);
    }
    const kept = reports.list();
    expect(kept).toHaveLength(REPORTS_MAX);
    expect(kept.filter((one) => one[0] === 999 >> 8 && one[1] === (999 & 255))).toHaveLength(32);
  });
});
