import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { agreeWith } from '../../../src/agent/network/agreeing.ts';
import type { AgreeingParts } from '../../../src/agent/network/agreeing.ts';
import { PartnerBook } from '../../../src/agent/network/partner-book.ts';
import { Rooms } from '../../../src/agent/network/rooms.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import { parseAgreementId, parseDeviceId } from '../../../src/core/ids.ts';
import { MIB } from '../../../src/core/limits.ts';
import { makeWorld } from '../agent/support.ts';

const DAY_MS = 24 * 3_600_000;

describe('a partner that is used every day', () => {
  it('is asked now and then which agreements it knows and what room it has, and not at each run', async () => {
    const { platform } = makeWorld('used daily').device('a');
    const clock = new VirtualClock();
    const records = await PartnerBook.open(platform.meta, platform.log);
    const device = parseDeviceId('d'.repeat(40));
    const encoded = new Uint8Array(1);
    const entry = {
      agreement: { id: parseAgreementId('a'.repeat(32)), expiresAt: clock.now() + 3_650 * DAY_MS },
      endedAt: 0,
      theirs: { device, gives: 256 * MIB },
      encoded,
      adopted: true,
    };
    const asked: number[] = [];
    const remote = {
      peer: { device },
      agreements: () => {
        asked.push(clock.now());
        return Promise.resolve([encoded]);
      },
      ledgerDigest: () => Promise.resolve({ rows: 0, bytes: 0, digest: new Uint8Array(32) }),
    } as unknown as Remote;
    const parts = {
      clock,
      records,
      rooms: new Rooms(clock, records),
      book: { with: () => [entry], find: () => entry },
    } as unknown as AgreeingParts;
    for (let day = 0; day < 120; day++) {
      for (let run = 0; run < 3; run++) await agreeWith(parts, remote, 16 * MIB);
      await clock.advance(DAY_MS);
    }
    const pauses = asked.slice(1).map((at, i) => (at - asked[i]!) / DAY_MS);
    expect(asked.length).toBeLessThan(20);
    expect(Math.max(...pauses)).toBeLessThan(15);
    expect(asked.length).toBeGreaterThan(7);
  });
});
