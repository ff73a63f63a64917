import { describe, expect, it } from 'vitest';
import { RoostError } from '../../../src/core/errors.ts';
import { checkFrame } from '../../../src/core/zstd/frame.ts';
import { xxh64 } from '../../../src/core/zstd/xxh64.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** A last raw block of three bytes. */
const ABC = [0x19, 0, 0, 0x61, 0x62, 0x63];

const check = (bytes: readonly number[], length: number): (() => void) => {
  return () => checkFrame(Uint8Array.from(bytes), length);
};
const fault = (bytes: readonly number[], length: number): string => {
  try {
    check(bytes, length)();
  } catch (error) {
    expect(error).toBeInstanceOf(RoostError);
    expect((error as RoostError).fault).toBe('corrupt');
    return (error as RoostError).message;
  }
  throw new Error('it passed');
};

describe('a zstd frame', () => {
  it('declares its length in one to eight bytes', () => {
    check([...MAGIC, 0x20, 3, ...ABC], 3)();
    check([...MAGIC, 0xa0, 3, 0, 0, 0, ...ABC], 3)();
    check([...MAGIC, 0xe0, 3, 0, 0, 0, 0, 0, 0, 0, ...ABC], 3)();
    // two bytes begin at 256; with a window of 1 KiB before them; one byte repeated 256 times
    check([...MAGIC, 0x40, 0, 0, 0, 0x03, 8, 0, 0x61], 256)();
    expect(fault([...MAGIC, 0xe0, 3, 0, 0, 0, 0, 0, 0, 1, ...ABC], 3)).toContain('must declare 3 bytes');
    expect(fault([...MAGIC, 0x20, 4, ...ABC], 3)).toBe('a zstd frame must declare 3 bytes, got 4');
    expect(fault([...MAGIC, 0x00, 0, ...ABC], 3)).toBe('a zstd frame must declare 3 bytes, got none');
  });

  it('is a frame, needs no dictionary and no large window', () => {
    expect(fault([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], 3)).toContain(
      'must begin with 0xfd2fb528, got 0x184d2a50',
    );
    for (const flag of [1, 2, 3])
      expect(fault([...MAGIC, 0x20 | flag, 3, 0, 0, 0, 0, ...ABC], 3)).toContain(
        `no dictionary, got flag ${flag}`,
      );
    expect(fault([...MAGIC, 0x28, 3, ...ABC], 3)).toContain('reserved bit');
    const window = (byte: number): number[] => [...MAGIC, 0x80, byte, 3, 0, 0, 0, ...ABC];
    check(window(10 << 3), 3)();
    expect(fault(window((10 << 3) | 1), 3)).toContain('at most 1048576 bytes, got 1179648');
    expect(fault(window(0xff), 3)).toContain('window of at most');
  });

  it('ends with its last block, or the checksum behind it', () => {
    const frame = [...MAGIC, 0x20, 3, ...ABC];
    check([...MAGIC, 0x24, 3, ...ABC, 1, 2, 3, 4], 3)();
    expect(fault([...MAGIC, 0x24, 3, ...ABC], 3)).toContain('must end at 16, got 12');
    expect(fault([...frame, 0], 3)).toBe('a zstd frame must end at 12, got 13 bytes');
    for (let length = 0; length < frame.length; length++) fault(frame.slice(0, length), 3);
  });

  it('has blocks of known kinds that give no more than declared', () => {
    expect(fault([...MAGIC, 0x20, 3, 0x1f, 0, 0, 1, 1, 1], 3)).toContain('kind 0 to 2, got 3');
    expect(fault([...MAGIC, 0x20, 3, 0x18, 0, 0, 1, 1, 1, 0x09, 0, 0, 1], 3)).toContain(
      'must give 3 bytes, got more',
    );
    expect(fault([...MAGIC, 0x20, 3, 0x23, 0, 0, 1], 3)).toContain('blocks of at most 3 bytes, got 4');
  });
});

describe('XXH64', () => {
  it('gives what the reference gives', () => {
    expect(xxh64(new Uint8Array(0))).toBe(0xef46_db37_51d8_e999n);
    expect(xxh64(new TextEncoder().encode('abc'))).toBe(0x44bc_2cf5_ad77_0999n);
    expect(xxh64(new TextEncoder().encode('Nobody inspects the spammish repetition'))).toBe(
      0xfbce_a83c_8a37_8bf1n,
    );
  });

  it('reads a view from where it begins', () => {
    const bytes = patternBytes(200);
    expect(xxh64(bytes.subarray(3, 103))).toBe(xxh64(bytes.slice(3, 103)));
  });
});
