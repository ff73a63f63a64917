import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { PartnerBook } from '../../../src/agent/network/partner-book.ts';
import { candidateRanking } from '../../../src/agent/network/ranking.ts';
import { parseAccountId, parseCooperativeId, parseDeviceId } from '../../../src/core/ids.ts';
import type { DirectoryEntry } from '../../../src/ports/rendezvous.ts';

const GIB = 2 ** 30;
const ACCOUNT = parseAccountId('aa'.repeat(32));

function entry(change: Partial<DirectoryEntry>): DirectoryEntry {
  return {
    cooperative: parseCooperativeId('cc'.repeat(32)),
    device: parseDeviceId('01'.repeat(20)),
    certificate: new Uint8Array(0),
    online: true,
    reliability: 0.3,
    offered: 100 * GIB,
    free: 100 * GIB,
    storageClass: 'installed',
    persisted: true,
    family: 'firefox',
    system: 'linux',
    zone: 0,
    version: '1',
    neighbourhood: 'n',
    seenAt: 0,
    ...change,
  };
}

/** How a device with this listing would do among others that have promised as much as is usual. */
async function rankOf(change: Partial<DirectoryEntry>): Promise<number> {
  const { platform } = createMemoryWorld({ seed: 'ranking' }).device('own');
  const usual = Array.from({ length: 9 }, () => entry({ free: 90 * GIB }));
  const rank = candidateRanking({
    now: 0,
    self: parseDeviceId('02'.repeat(20)),
    zone: 0,
    own: undefined,
    listed: () => undefined,
    directory: usual,
    records: await PartnerBook.open(platform.meta, silentLog),
    partners: [],
    wanted: GIB,
    free: 100 * GIB,
    renegedOn: () => 0,
  });
  return rank(entry(change), ACCOUNT);
}

describe('the ranking of candidates', () => {
  it('puts who has promised little before who has many partners already', async () => {
    const newcomer = await rankOf({ free: 100 * GIB });
    const usual = await rankOf({ free: 90 * GIB });
    const busy = await rankOf({ free: 20 * GIB });
    expect(newcomer).toBeGreaterThan(usual);
    expect(usual).toBeGreaterThan(busy);
    expect(busy).toBeGreaterThan(0);
  });

  it('does not hold it against a device that is always there', async () => {
    const always = { reliability: 1 };
    expect(await rankOf({ ...always, free: 20 * GIB })).toBe(await rankOf({ ...always, free: 100 * GIB }));
  });

  it('is not led astray by a listing that claims to be fuller than its offer', async () => {
    expect(await rankOf({ free: 0 })).toBeGreaterThan(0);
    expect(await rankOf({ offered: 0, free: 100 * GIB })).toBeGreaterThan(0);
  });
});
