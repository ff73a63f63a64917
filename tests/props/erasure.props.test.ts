import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code } from '../../src/core/erasure/codes.ts';
import { formatCode, parseCode, totalShards } from '../../src/core/erasure/codes.ts';
import { encodeParity, reconstructShards } from '../../src/core/erasure/erasure.ts';
import { expectBytes, patternBytes } from '../contracts/expect-fault.ts';

const anyCode: fc.Arbitrary<Code> = fc.oneof(
  fc.record({
    name: fc.constant('reed-solomon' as const),
    m: fc.integer({ min: 1, max: 20 }),
    k: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ name: fc.constant('parity' as const), m: fc.integer({ min: 1, max: 20 }), k: fc.constant(1) }),
  fc.record({ name: fc.constant('mirror' as const), m: fc.constant(1), k: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ name: fc.constant('stripe' as const), m: fc.integer({ min: 1, max: 20 }), k: fc.constant(0) }),
);

describe('every code', () => {
  it('restores from any m shards, in any order, whatever their length and alignment', () => {
    const cases = anyCode.chain((code) =>
      fc.record({
        code: fc.constant(code),
        length: fc.integer({ min: 0, max: 9000 }),
        offset: fc.integer({ min: 0, max: 7 }),
        order: fc.shuffledSubarray(
          Array.from({ length: totalShards(code) }, (_, i) => i),
          { minLength: code.m, maxLength: totalShards(code) },
        ),
      }),
    );
    fc.assert(
      fc.property(cases, ({ code, length, offset, order }) => {
        const data = Array.from({ length: code.m }, (_, i) =>
          patternBytes(length + offset, i + 1).subarray(offset),
        );
        const all = [...data, ...encodeParity(code, data)];
        const present = order.map((shard) => ({ shard, bytes: all[shard]! }));
        const wanted = all.map((_, shard) => shard);
        reconstructShards(code, present, wanted).forEach((made, shard) => expectBytes(made, all[shard]!));
      }),
      { numRuns: 200 },
    );
  });

  it('is written and read as text', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        expect(parseCode(formatCode(code))).toEqual(code);
      }),
    );
  });
});
