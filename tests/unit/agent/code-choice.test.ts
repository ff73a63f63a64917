import { describe, expect, it } from 'vitest';
import { autoCode, chooseCode } from '../../../src/agent/code-choice.ts';
import { totalShards, validateCode } from '../../../src/core/erasure/codes.ts';

describe('the code for a number of partners', () => {
  it('is a valid one for any number from 1 on, with a shard for each of up to 9', () => {
    for (let partners = 1; partners <= 40; partners++) {
      const code = validateCode(autoCode(partners));
      expect(totalShards(code)).toBe(Math.min(partners, 9));
      expect(chooseCode('auto', partners)).toEqual(code);
    }
  });

  it('lets one partner vanish from 2 on, and half of up to 6', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 9, 40].map((partners) => autoCode(partners).k)).toEqual([
      0, 1, 1, 2, 2, 3, 3, 3, 3,
    ]);
  });

  it('is not there without a partner, or for more shards than partners', () => {
    expect(() => autoCode(0)).toThrow(expect.objectContaining({ fault: 'too-few' }));
    expect(() => chooseCode('reed-solomon:4+2', 5)).toThrow(expect.objectContaining({ fault: 'too-few' }));
    expect(() => chooseCode('raid', 5)).toThrow(expect.objectContaining({ fault: 'usage' }));
  });
});
