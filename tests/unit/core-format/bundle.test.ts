import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { concatBytes, uint32Bytes } from '../../../src/core/bytes.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { BUNDLE_MAX_BYTES } from '../../../src/core/limits.ts';
import { BUNDLE_HEADER_BYTES, decodeBundle, encodeBundle } from '../../../src/core/snapshot/bundle.ts';
import { expectBytes, patternBytes } from '../../contracts/expect-fault.ts';
import { text } from './suites.ts';

const corrupt = (bytes: Bytes): string => {
  try {
    decodeBundle(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RoostError);
    expect((error as RoostError).fault).toBe('corrupt');
    return (error as RoostError).message;
  }
  throw new Error('it was decoded');
};
const framed = (codec: number, length: number, body: Uint8Array): Bytes =>
  concatBytes([codec], uint32Bytes(length), body);

describe('a bundle', () => {
  const words = text('all work and no play makes Jack a dull boy. '.repeat(15_000));

  it('comes back whatever is in it and however it is packed', () => {
    for (const plain of [
      new Uint8Array(0),
      text('x'),
      words,
      patternBytes(70_000),
      new Uint8Array(BUNDLE_MAX_BYTES),
    ]) {
      for (const codec of ['auto', 'none'] as const)
        expectBytes(decodeBundle(encodeBundle(plain, codec)), plain);
    }
  });

  it('is deflated where that pays and left alone where it does not', () => {
    expect(encodeBundle(words, 'auto').length).toBeLessThan(words.length / 50);
    expect(encodeBundle(words, 'none').length).toBe(words.length + BUNDLE_HEADER_BYTES);
    for (const length of [10, 1000, 500_000]) {
      const noise = patternBytes(length);
      expect(encodeBundle(noise, 'auto').length).toBe(length + BUNDLE_HEADER_BYTES);
    }
  });

  it('is never larger than its bound', () => {
    expect(() => encodeBundle(new Uint8Array(BUNDLE_MAX_BYTES + 1), 'auto')).toThrow(
      `at most ${BUNDLE_MAX_BYTES}`,
    );
    expect(corrupt(framed(0, BUNDLE_MAX_BYTES + 1, new Uint8Array(10)))).toContain('at most');
    expect(corrupt(framed(1, 0xffff_ffff, new Uint8Array(10)))).toContain('at most');
  });

  it('stops a bomb of 1000 to 1 at its declared size', () => {
    const bomb = deflateSync(new Uint8Array(64 * 2 ** 20), { level: 9 });
    expect(bomb.length).toBeLessThan(70_000);
    expect(corrupt(framed(1, 1000, bomb))).toContain('must inflate to 1000 bytes, got more');
    expect(corrupt(framed(1, BUNDLE_MAX_BYTES, bomb))).toContain('got more');
  });

  it('is corrupt when it holds less than it says, is cut, or has an unknown codec', () => {
    const packed = deflateSync(words);
    expect(corrupt(framed(1, words.length + 1, packed))).toContain(`got ${words.length}`);
    for (let length = 0; length < packed.length; length += 97)
      corrupt(framed(1, words.length, packed.subarray(0, length)));
    expect(corrupt(framed(0, 11, new Uint8Array(10)))).toContain('must hold 11 bytes, got 10');
    expect(corrupt(framed(3, 10, new Uint8Array(10)))).toContain('codec 0 to 2, got 3');
    for (let length = 0; length < BUNDLE_HEADER_BYTES; length++) corrupt(new Uint8Array(length));
  });
});
