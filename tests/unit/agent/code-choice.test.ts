import { describe, expect, it } from 'vitest';
import { chooseCode } from '../../../src/agent/code-choice.ts';
import type { Partner } from '../../../src/agent/network/types.ts';
import { formatCode, totalShards, validateCode } from '../../../src/core/erasure/codes.ts';
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
});
