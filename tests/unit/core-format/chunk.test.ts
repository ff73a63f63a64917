import { describe, expect, it } from 'vitest';
import { cutChunks } from '../../../src/core/chunk/cut.ts';
import type { Cut } from '../../../src/core/chunk/cut.ts';
import { gearTable } from '../../../src/core/chunk/gear.ts';
import { CHUNK_AVERAGE_BYTES, CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, MIB } from '../../../src/core/limits.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const gear = gearTable(patternBytes(1024, 77));
const whole = (buffer: Uint8Array, table = gear): Cut[] =>
  cutChunks(buffer, { start: 0, length: buffer.length, final: true }, table);
const lengths = (cuts: readonly Cut[]): number[] => cuts.map(({ length }) => length);

describe('content-defined chunks', () => {
  const data = patternBytes(16 * MIB, 3);

  it('cover the file without a gap, within their bounds', () => {
    const cuts = whole(data);
    let at = 0;
    for (const [i, { offset, length }] of cuts.entries()) {
      expect(offset).toBe(at);
      expect(length).toBeLessThanOrEqual(CHUNK_MAX_BYTES);
      if (i < cuts.length - 1) expect(length).toBeGreaterThan(CHUNK_MIN_BYTES);
      at += length;
    }
    expect(at).toBe(data.length);
  });

  it('are near the average size', () => {
    const average = data.length / whole(data).length;
    expect(average).toBeGreaterThan(CHUNK_AVERAGE_BYTES * 0.8);
    expect(average).toBeLessThan(CHUNK_AVERAGE_BYTES * 1.4);
  });

  it('are one for a file up to the minimum, none for an empty one, the maximum where nothing ends them', () => {
    expect(whole(new Uint8Array(0))).toEqual([]);
    expect(lengths(whole(patternBytes(1)))).toEqual([1]);
    expect(lengths(whole(patternBytes(CHUNK_MIN_BYTES)))).toEqual([CHUNK_MIN_BYTES]);
    // with this entry the hash of equal bytes stays where no mask takes it
    const odd = new Uint32Array(256).fill(0x8000_0000);
    expect(lengths(whole(new Uint8Array(2 * CHUNK_MAX_BYTES + 5), odd))).toEqual([
      CHUNK_MAX_BYTES,
      CHUNK_MAX_BYTES,
      5,
    ]);
  });

  it('find themselves again after an insertion', () => {
    const shifted = new Uint8Array(data.length + 7);
    shifted.set(data.subarray(0, 1_000_000));
    shifted.set(data.subarray(1_000_000), 1_000_007);
    const key = (buffer: Uint8Array, { offset, length }: Cut): string =>
      `${length}:${buffer.subarray(offset, offset + 16).join()}:${buffer.subarray(offset + length - 16, offset + length).join()}`;
    const before = new Set(whole(data).map((cut) => key(data, cut)));
    const fresh = whole(shifted).filter((cut) => !before.has(key(shifted, cut)));
    expect(fresh.length).toBeLessThanOrEqual(3);
  });

  it('lie elsewhere under another key', () => {
    expect(lengths(whole(data, gearTable(patternBytes(1024, 78))))).not.toEqual(lengths(whole(data)));
  });

  it('leave a rest shorter than the maximum when more is to come', () => {
    const cuts = cutChunks(data, { start: 100, length: 3 * MIB, final: false }, gear);
    const rest = 100 + 3 * MIB - cuts.reduce((sum, { length }) => sum + length, 100);
    expect(rest).toBeLessThan(CHUNK_MAX_BYTES);
    expect(cuts[0]!.offset).toBe(100);
  });

  it('need a gear table of 1024 bytes, little-endian', () => {
    expect(() => gearTable(new Uint8Array(1023))).toThrow('must be 1024 bytes, got 1023');
    const bytes = new Uint8Array(1024);
    bytes.set([1, 2, 3, 4]);
    expect(gearTable(bytes)[0]).toBe(0x04030201);
  });
});
