import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { cutChunks } from '../../src/core/chunk/cut.ts';
import { gearTable } from '../../src/core/chunk/gear.ts';
import { reconstructShards } from '../../src/core/erasure/erasure.ts';
import { multiply } from '../../src/core/erasure/galois.ts';
import type { Matrix } from '../../src/core/erasure/matrix.ts';
import { combine as plainCombine } from '../../src/core/erasure/products.ts';
import { CHUNK_AVERAGE_BYTES, CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, KIB } from '../../src/core/limits.ts';
import { expectBytes, patternBytes } from '../contracts/expect-fault.ts';
import { VARIANTS } from '../unit/kernel/variants.ts';

/** The field's own product, byte by byte. */
function scalarCombine(rows: Matrix, sources: readonly Uint8Array[]): Uint8Array[] {
  return rows.map((row) =>
    Uint8Array.from({ length: sources[0]!.length }, (_, x) =>
      sources.reduce((sum, source, j) => sum ^ multiply(row[j]!, source[x]!), 0),
    ),
  );
}

const size = fc.oneof(
  fc.constantFrom(0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128),
  fc.integer({ min: 0, max: 3000 }),
);
const products = fc
  .record({ m: fc.integer({ min: 1, max: 24 }), k: fc.integer({ min: 0, max: 13 }) })
  .chain(({ m, k }) =>
    fc.record({
      rows: fc.array(fc.uint8Array({ minLength: m, maxLength: m }), { minLength: k, maxLength: k }),
      m: fc.constant(m),
      size,
      offset: fc.integer({ min: 0, max: 65 }),
      seed: fc.integer({ min: 1, max: 1000 }),
      // which arrays lie in the kernel's memory
      inside: fc.array(fc.boolean(), { minLength: m + k, maxLength: m + k }),
    }),
  );

describe.each(VARIANTS)('the kernel with %s', (_name, engines) => {
  const { combine, cut, takeRoom } = engines;

  it('combines as the field says, wherever the bytes lie', () => {
    fc.assert(
      fc.property(products, ({ rows, m, size: length, offset, seed, inside }) => {
        const room = takeRoom((m + rows.length) * (length + 130));
        const place = (i: number): Bytes => {
          const start = i * (length + 130) + offset;
          return inside[i] === true
            ? room.bytes.subarray(start, start + length)
            : new Uint8Array(length + offset).subarray(offset);
        };
        const sources = Array.from({ length: m }, (_, j) => {
          const source = place(j);
          source.set(patternBytes(length, seed + j));
          return source;
        });
        const outputs = rows.map((_, p) => place(m + p));
        const before = sources.map((source) => source.slice());
        const expected = scalarCombine(rows, sources);
        const around = guard(room.bytes, [...sources, ...outputs]);
        expect(combine(rows, sources, outputs)).toBe(outputs);
        expected.forEach((bytes, p) => expectBytes(outputs[p], bytes));
        before.forEach((bytes, j) => expectBytes(sources[j], bytes));
        around();
        const fresh = combine(rows, sources);
        expected.forEach((bytes, p) => expectBytes(fresh[p], bytes));
        room.release();
      }),
      { numRuns: 300 },
    );
  });

  it('combines as the plain twin does beyond one window, and up to 255 shards', () => {
    for (const [m, k, length] of [
      [1, 1, 100_001],
      [3, 1, 65_536],
      [6, 3, 98_309],
      [10, 4, 32_768],
      [20, 10, 40_000],
      [1, 254, 5000],
      [127, 128, 5000],
      [254, 1, 4097],
    ] as const) {
      const rows = Array.from({ length: k }, (_, p) => patternBytes(m, p + 1));
      const sources = Array.from({ length: m }, (_, j) => patternBytes(length, 100 + j));
      const made = combine(rows, sources);
      plainCombine(rows, sources).forEach((bytes, p) => expectBytes(made[p], bytes));
    }
    const tooMany = Array.from({ length: 255 }, () => new Uint8Array(1));
    expect(() => combine([new Uint8Array(255)], tooMany)).toThrow('at most 255, got 256');
  });

  it('restores what it coded after any loss', () => {
    const cases = fc
      .record({ m: fc.integer({ min: 1, max: 20 }), k: fc.integer({ min: 1, max: 10 }) })
      .chain(({ m, k }) =>
        fc.record({
          code: fc.constant({ name: 'reed-solomon' as const, m, k }),
          length: fc.integer({ min: 0, max: 5000 }),
          kept: fc.shuffledSubarray([...Array(m + k).keys()], { minLength: m, maxLength: m }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ code, length, kept }) => {
        const every = [...Array(code.m + code.k).keys()];
        const data = every
          .slice(0, code.m)
          .map((shard) => ({ shard, bytes: patternBytes(length, shard + 1) }));
        const all = reconstructShards(code, data, every, combine);
        const expected = reconstructShards(code, data, every);
        const present = kept.map((shard) => ({ shard, bytes: all[shard]! }));
        reconstructShards(code, present, every, combine).forEach((bytes, shard) => {
          expectBytes(bytes, expected[shard]!);
        });
      }),
      { numRuns: 100 },
    );
  });

  it('cuts where the plain twin does, whatever the data and however it is read', () => {
    const gears = [5, 6].map((seed) => gearTable(patternBytes(1024, seed)));
    // nothing but the maximum ends a chunk of equal bytes under it
    gears.push(new Uint32Array(256).fill(0x8000_0000));
    const kinds = {
      noise: patternBytes(3_000_000, 9),
      zeros: new Uint8Array(3_000_000),
      words: patternBytes(3_000_000, 3).map((byte) => byte & 1),
      mixed: patternBytes(3_000_000, 4).fill(7, 200_000, 1_900_000),
    };
    const cases = fc.record({
      kind: fc.constantFrom(...Object.values(kinds)),
      gear: fc.constantFrom(...gears),
      start: fc.integer({ min: 0, max: 70_000 }),
      length: fc.oneof(
        fc.integer({ min: 0, max: 2_900_000 }),
        fc.integer({ min: -3, max: 40 }).map((by) => CHUNK_MIN_BYTES + by),
        fc.integer({ min: -3, max: 3 }).map((by) => CHUNK_MIN_BYTES + 16 * KIB + by),
        fc.integer({ min: -3, max: 3 }).map((by) => CHUNK_AVERAGE_BYTES + by),
        fc.integer({ min: -3, max: 3 }).map((by) => CHUNK_MAX_BYTES + by),
      ),
      final: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ kind, gear, ...part }) => {
        expect(cut(kind, part, gear)).toEqual(cutChunks(kind, part, gear));
      }),
      { numRuns: 150 },
    );
  });
});

/** @returns checks that nothing outside of the arrays has changed */
function guard(room: Uint8Array, arrays: readonly Uint8Array[]): () => void {
  const mask = (): Uint8Array => {
    const copy = room.slice();
    for (const array of arrays) {
      if (array.buffer !== room.buffer) continue;
      const start = array.byteOffset - room.byteOffset;
      copy.fill(0, start, start + array.length);
    }
    return copy;
  };
  const before = mask();
  return () => expectBytes(mask(), before);
}
