import { describe, expect, it } from 'vitest';
import { chooseCode as choose } from '../../../src/agent/code-choice.ts';
import type { Partner } from '../../../src/agent/network/types.ts';
import { formatCode, totalShards, validateCode } from '../../../src/core/erasure/codes.ts';
import type { Code } from '../../../src/core/erasure/codes.ts';
import { parseAccountId, parseDeviceId } from '../../../src/core/ids.ts';

function partners(count: number, change: Partial<Partner> = {}): Partner[] {
  return Array.from({ length: count }, (_, i) => {
    const account = parseAccountId(i.toString(16).padStart(64, '0'));
    return {
      device: parseDeviceId(i.toString(16).padStart(40, '0')),
      account,
      adopted: false,
      state: 'active',
      odds: { availability: 0.65, lossPerYear: 0.4 },
      domains: [`account:${account}`],
      exempt: false,
      ...change,
    } as Partner;
  });
}

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

/** With all partners in reach. */
function chooseCode(wanted: string | undefined, all: readonly Partner[]): Code {
  return choose(wanted, all, all, NOW);
}

describe('the code for the partners there are', () => {
  it('is a valid one for any number from 1 on, with no more shards than partners', () => {
    for (let count = 1; count <= 40; count++) {
      const code = validateCode(chooseCode('auto', partners(count)));
      expect(totalShards(code)).toBeLessThanOrEqual(count);
      expect(chooseCode(undefined, partners(count))).toEqual(code);
    }
  });

  it('lets half of a few partners vanish', () => {
    expect([1, 2, 3, 4, 5, 6].map((count) => formatCode(chooseCode('auto', partners(count))))).toEqual([
      'stripe:1',
      'mirror:2',
      'parity:2+1',
      'reed-solomon:2+2',
      'reed-solomon:3+2',
      'reed-solomon:3+3',
    ]);
  });

  it('counts nobody who gets no new pieces', () => {
    const others = partners(9).slice(3);
    const mixed = [...partners(3), ...others.map((partner) => ({ ...partner, state: 'suspect' as const }))];
    expect(chooseCode('auto', mixed)).toEqual(chooseCode('auto', partners(3)));
    expect(() => chooseCode('reed-solomon:2+2', mixed)).toThrow(
      expect.objectContaining({ fault: 'too-few' }),
    );
    expect(() => chooseCode('auto', partners(3, { adopted: true }))).toThrow(
      expect.objectContaining({ fault: 'too-few' }),
    );
  });

  it('is not there without a partner, or for more shards than partners', () => {
    expect(() => chooseCode('auto', [])).toThrow(expect.objectContaining({ fault: 'too-few' }));
    expect(() => chooseCode('reed-solomon:4+2', partners(5))).toThrow(
      expect.objectContaining({ fault: 'too-few' }),
    );
    expect(() => chooseCode('raid', partners(5))).toThrow(expect.objectContaining({ fault: 'usage' }));
  });

  it('is by all partners, not by the few that are there at the hour of a run, and bears as much at once as one for these', () => {
    const all = partners(50, { lastSeenAt: NOW - HOUR_MS, online: false });
    const whole = chooseCode('auto', all);
    for (const here of [1, 2, 3, 5, 6, 7, 8, 10, 12, 15, 16]) {
      const code = choose('auto', all.slice(0, here), all, NOW);
      const alone = chooseCode('auto', all.slice(0, here));
      expect(code.m, `${here} in reach`).toBeLessThanOrEqual(alone.m);
      expect(code.k, `${here} in reach`).toBeGreaterThanOrEqual(alone.k);
      expect(totalShards(code), `${here} in reach`).toBeLessThanOrEqual(3 * code.m);
      expect(Math.min(here, totalShards(code)) - code.m, `${here} in reach`).toBeGreaterThanOrEqual(alone.k);
    }
    expect(choose('auto', all, all, NOW)).toEqual(whole);
    expect(formatCode(choose('auto', all.slice(0, 3), all, NOW))).toBe('reed-solomon:2+4');
    expect(formatCode(choose('auto', all.slice(0, 1), all, NOW))).toBe('mirror:3');
  });

  it('waits for nobody who is there and has no room', () => {
    const all = partners(12, { lastSeenAt: NOW, online: true });
    expect(choose('auto', all.slice(0, 6), all, NOW)).toEqual(chooseCode('auto', all.slice(0, 6)));
  });

  it('counts on nobody who was not seen for two days, or is suspect', () => {
    const here = partners(3);
    for (const change of [
      { lastSeenAt: NOW - 49 * HOUR_MS },
      { lastSeenAt: NOW + HOUR_MS },
      { lastSeenAt: NOW - HOUR_MS, state: 'suspect' as const },
      { lastSeenAt: undefined },
    ]) {
      const all = [...here, ...partners(20, change).slice(3)];
      expect(choose('auto', here, all, NOW)).toEqual(chooseCode('auto', here));
    }
  });
});
