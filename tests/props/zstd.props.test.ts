import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createNodeZstd } from '../../src/adapters/nodejs/zstd.ts';
import { toBytes } from '../../src/core/bytes.ts';
import { decodeBundle, encodeBundle } from '../../src/core/snapshot/bundle.ts';
import type { Zstd } from '../../src/core/zstd/engine.ts';
import { PLAIN_ZSTD } from '../../src/core/zstd/engine.ts';
import { expectBytes } from '../contracts/expect-fault.ts';
import { GOLDEN_FRAMES, expectReadOrCorrupt, zstdBundle } from '../contracts/zstd.ts';

const node = createNodeZstd();
const wasm: Zstd = {
  compress: (plain) => compress(plain, 3),
  decompress: (frame) => toBytes(decompress(frame)),
};
const ENGINES: readonly (readonly [string, Zstd])[] = [
  ['plain JavaScript', PLAIN_ZSTD],
  ['node:zlib', node],
  ['WebAssembly', wasm],
];

/** Runs, noise, and copies of what stood before: what sequences are made of. */
const plain = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.record({ byte: fc.nat(255), length: fc.nat(150_000) }),
      fc.record({ back: fc.integer({ min: 1, max: 200_000 }), length: fc.nat(3000) }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => {
    let all = new Uint8Array(0);
    for (const part of parts) {
      let more: Uint8Array;
      if (part instanceof Uint8Array) more = part;
      else if ('byte' in part) more = new Uint8Array(part.length).fill(part.byte);
      else more = all.slice(Math.max(0, all.length - part.back)).subarray(0, part.length);
      all = new Uint8Array(Buffer.concat([all, more])).subarray(0, 900_000);
    }
    return all;
  });

describe('zstd', () => {
  beforeAll(init);

  it('whoever compressed, everybody reads the same bytes', () => {
    fc.assert(
      fc.property(
        plain,
        fc.constantFrom(createNodeZstd(1), node, createNodeZstd(19), wasm),
        (given, maker) => {
          const bundle = zstdBundle(maker.compress!(given), given.length);
          for (const [, reader] of ENGINES) expectBytes(decodeBundle(bundle, reader), given);
          expectBytes(decodeBundle(encodeBundle(given, 'auto', maker)), given);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each(ENGINES)('%s reads a mutated frame or says that it is corrupt', (_name, engine) => {
    const mutation = fc.record({
      // Tables and lengths stand in front of each block: changes there reach furthest.
      at: fc.oneof(fc.nat(60), fc.nat(30_000)),
      remove: fc.nat(3),
      insert: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...GOLDEN_FRAMES),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (golden, mutations) => {
          let frame: Uint8Array = golden.frame;
          for (const { at, remove, insert } of mutations) {
            const place = at % (frame.length + 1);
            frame = Buffer.concat([frame.subarray(0, place), insert, frame.subarray(place + remove)]);
          }
          expectReadOrCorrupt(frame, golden, engine);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('plain JavaScript reads nothing into a damaged frame that others read otherwise', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...GOLDEN_FRAMES.filter(({ hasChecksum }) => !hasChecksum)),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (golden, place, mask) => {
          const frame = golden.frame.slice();
          frame[place % frame.length]! ^= mask;
          const bundle = zstdBundle(frame, golden.plain.length);
          const read = (engine: Zstd): Uint8Array | undefined => {
            try {
              return decodeBundle(bundle, engine);
            } catch {
              return undefined;
            }
          };
          const [ours, theirs] = [read(PLAIN_ZSTD), read(node)];
          if (ours !== undefined && theirs !== undefined) expectBytes(ours, theirs);
          // The reference overlooks some streams of literals that do not end where they should; we do not, but take nothing more than it.
          if (ours !== undefined) expect(theirs).toBeDefined();
        },
      ),
      { numRuns: 1000 },
    );
  });
});
