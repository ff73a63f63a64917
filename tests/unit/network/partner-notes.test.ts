import { describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { PartnerBook } from '../../../src/agent/network/partner-book.ts';
import { PartnerNotes } from '../../../src/agent/network/partner-notes.ts';
import { candidateRanking } from '../../../src/agent/network/ranking.ts';
import { parseAccountId, parseDeviceId } from '../../../src/core/ids.ts';
import type { DirectoryEntry } from '../../../src/ports/rendezvous.ts';

const KIB = 1024;
const SELF = parseDeviceId('1'.repeat(40));
const OTHER = parseDeviceId('2'.repeat(40));
const ACCOUNT = parseAccountId('3'.repeat(64));

async function open() {
  const { meta, log } = createMemoryWorld({ seed: 'notes' }).device('self').platform;
  const records = await PartnerBook.open(meta, log);
  return { meta, log, records, notes: new PartnerNotes(records) };
}

describe('what runs learn of partners', () => {
  it('is their bandwidth: a mean in which the newest piece is a fifth, kept over a restart', async () => {
    const { meta, log, records, notes } = await open();
    const bandwidth = (): number => records.get(OTHER).bandwidth;
    notes.stored(OTHER, 31 * KIB, 1);
    expect(bandwidth()).toBe(0);
    notes.stored(OTHER, 100_000, 1_000);
    expect(bandwidth()).toBe(100_000);
    notes.stored(OTHER, 100_000, 500);
    expect(bandwidth()).toBe(120_000);
    notes.stored(OTHER, 100_000, 0);
    await records.settled();
    expect((await PartnerBook.open(meta, log)).get(OTHER).bandwidth).toBe(bandwidth());
  });

  it('is that what a partner said of its room and its agreements holds no longer', async () => {
    const { records, notes } = await open();
    records.note(OTHER, { comparedAt: 5, room: { agreement: 'a', left: 1, at: 5 } });
    notes.doubt(OTHER);
    expect(records.get(OTHER)).toMatchObject({ comparedAt: 0, room: undefined });
  });

  it('ranks a fast one above one not measured, and that above one slower than the threshold', async () => {
    const { records, notes } = await open();
    const entry = {
      device: OTHER,
      neighbourhood: 'x',
      zone: 0,
      family: 'chromium',
      system: 'linux',
      storageClass: 'tab',
      free: 1,
      reliability: 1,
    } as DirectoryEntry;
    const rank = (): number =>
      candidateRanking({
        now: 0,
        self: SELF,
        zone: 0,
        own: undefined,
        listed: () => undefined,
        records,
        partners: [],
        wanted: 1,
        free: 1,
        renegedOn: () => 0,
      })(entry, ACCOUNT);
    const unmeasured = rank();
    notes.stored(OTHER, 64 * KIB, 8_000);
    const slow = rank();
    for (let i = 0; i < 20; i++) notes.stored(OTHER, 1024 * KIB, 1_000);
    expect(slow).toBeLessThan(unmeasured);
    expect(rank()).toBeGreaterThan(unmeasured);
  });
});
