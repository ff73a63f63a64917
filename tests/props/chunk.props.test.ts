import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutChunks } from '../../src/core/chunk/cut.ts';
import { gearTable } from '../../src/core/chunk/gear.ts';
import { CHUNK_MAX_BYTES } from '../../src/core/limits.ts';
import { patternBytes } from '../contracts/expect-fault.ts';

const gear = gearTable(patternBytes(1024, 5));

/** Reads a file in windows as a caller of the codec does: the uncut rest goes in front of the next window. */
function cutInWindows(file: Uint8Array, windows: readonly number[]): number[] {
  const lengths: number[] = [];
  let rest = new Uint8Array(0);
  let at = 0;
  for (let i = 0; at < file.length; i++) {
    const size = Math.min(windows[i % windows.length]!, file.length - at);
    const buffer = new Uint8Array(rest.length + size);
    buffer.set(rest);
    buffer.set(file.subarray(at, at + size), rest.length);
    at += size;
    const cuts = cutChunks(buffer, { start: 0, length: buffer.length, final: at === file.length }, gear);
    lengths.push(...cuts.map(({ length }) => length));
    rest = buffer.slice(cuts.reduce((sum, { length }) => sum + length, 0));
    if (rest.length >= CHUNK_MAX_BYTES) throw new Error('a whole chunk was left uncut');
  }
  return lengths;
}

describe('chunk cuts', () => {
  it('are the same however a file is read', () => {
    const file = patternBytes(5_000_000, 9);
    // a run of equal bytes, where only the maximum ends a chunk
    file.fill(0, 1_000_000, 3_200_000);
    const cases = fc.record({
      length: fc.integer({ min: 0, max: file.length }),
      windows: fc.array(fc.integer({ min: 50_000, max: 3_000_000 }), { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(cases, ({ length, windows }) => {
        const part = file.subarray(0, length);
        const whole = cutChunks(part, { start: 0, length, final: true }, gear).map((cut) => cut.length);
        expect(cutInWindows(part, windows)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });
});
