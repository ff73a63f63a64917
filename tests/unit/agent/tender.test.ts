import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { Tender } from '../../../src/agent/partners/tender.ts';
import type { TenderParts } from '../../../src/agent/partners/tender.ts';
import { deviceIdFromBytes } from '../../../src/core/ids.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import { FRESH_STANDING, nextStanding } from '../../../src/core/partnership/state.ts';
import type { Standing, StandingEvent } from '../../../src/core/partnership/state.ts';

const HOUR = 3_600_000;
const TERMS = { patienceMs: 24 * HOUR, graceMs: 14 * 24 * HOUR };
const [CONNECTED, ENDED] = [1, 2].map((byte) => deviceIdFromBytes(new Uint8Array(20).fill(byte)));

/** A tender whose partners are one that is connected all the time and one with whom all has ended. */
function scene(owes: boolean) {
  const clock = new VirtualClock();
  const standings = new Map<DeviceId, Standing>();
  const done = (): Promise<void> => Promise.resolve();
  const parts = {
    context: {
      platform: { clock, log: silentLog },
      repository: {
        state: () => Promise.resolve(undefined),
        apply: done,
        operations: { state: () => ({}) },
      },
    },
    cooperation: {
      inReach: true,
      agreements: {
        ruling: () => [
          { theirs: { device: CONNECTED }, endedAt: 0 },
          { theirs: { device: ENDED }, endedAt: 1 },
        ],
        adopted: () => [],
      },
      connected: () => [{ peer: { device: CONNECTED } }],
      listed: () => undefined,
      records: {
        get: (device: DeviceId) => ({
          hours: new Uint8Array(0),
          watchedMs: 0,
          onlineMs: 0,
          standing: standings.get(device) ?? FRESH_STANDING,
        }),
        note: done,
        save: done,
        settled: done,
      },
      judge: (device: DeviceId, event: StandingEvent) => {
        const before = standings.get(device) ?? FRESH_STANDING;
        standings.set(device, nextStanding(before, event, TERMS, clock.now()));
      },
      onGreeted: () => () => undefined,
      onNotice: () => () => undefined,
    },
    auditing: { owes: () => owes, auditDue: done, stop: () => undefined, settled: done, greeted: done },
    endings: { carryOn: done, greeted: done, settled: done },
    terms: { look: done, greeted: done },
    tell: () => undefined,
    onLooked: done,
  } as unknown as TenderParts;
  return { clock, standings, tender: new Tender(parts) };
}

const SILENT: Standing = { ...FRESH_STANDING, state: 'suspect', reason: 'silent', silentMs: 25 * HOUR };

describe('a partner that is connected for weeks', () => {
  it('does not stay a suspect for its silence before, if it keeps nothing that it could prove', async () => {
    const { clock, standings, tender } = scene(false);
    await tender.start();
    standings.set(CONNECTED!, SILENT);
    await clock.advance(20 * 24 * HOUR);
    expect(standings.get(CONNECTED!)!.state).toBe('active');
  });

  it('must prove what it keeps all the same', async () => {
    const { clock, standings, tender } = scene(true);
    await tender.start();
    standings.set(CONNECTED!, SILENT);
    await clock.advance(20 * 24 * HOUR);
    expect(standings.get(CONNECTED!)!.state).toBe('reneged');
  });
});

describe('a partner with whom all has ended', () => {
  it('is watched no more', async () => {
    const { clock, standings, tender } = scene(false);
    await tender.start();
    await clock.advance(60 * 24 * HOUR);
    expect(standings.has(ENDED!)).toBe(false);
  });
});
