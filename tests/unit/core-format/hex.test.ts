import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/core/hex.ts';

describe('hex', () => {
  it('is that of another implementation, whatever the bytes and however many', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => hex(bytes) === bytesToHex(bytes)));
    const long = Uint8Array.from({ length: 10_001 }, (_, i) => i * 7);
    expect(hex(long)).toBe(bytesToHex(long));
    expect(hex(long.subarray(3, 35))).toBe(bytesToHex(long.subarray(3, 35)));
    expect(hex(new Uint8Array(0))).toBe('');
  });
});
