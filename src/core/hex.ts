import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from './bytes.ts';
import { toBytes } from './bytes.ts';

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** Bytes whose digits become a string in one call. */
const BYTES_AT_ONCE = 4096;
const DIGITS_A_WORD = 8;

/**
 * Lower-case hex of bytes. All digits become a string at once: one that grows byte by byte is a chain of all its steps for V8, a
 * kilobyte for an id of 32 bytes, and stays that for as long as the id is kept.
 */
export function hex(bytes: Uint8Array): string {
  if (bytes.length > BYTES_AT_ONCE)
    return hex(bytes.subarray(0, BYTES_AT_ONCE)) + hex(bytes.subarray(BYTES_AT_ONCE));
  const digits: number[] = [];
  for (const byte of bytes) digits.push(DIGITS[byte >> 4]!, DIGITS[byte & 15]!);
  return String.fromCharCode(...digits);
}

/** Words of 32 bits from lower-case hex digits, without an array between. */
export function readHexWords(digits: string, start: number, into: Uint32Array): void {
  for (let word = 0; word < into.length; word++) {
    let value = 0;
    const first = start + word * DIGITS_A_WORD;
    for (let i = first; i < first + DIGITS_A_WORD; i++) {
      const code = digits.charCodeAt(i);
      // '0' is 48, 'a' is 97
      value = (value << 4) | (code < 58 ? code - 48 : code - 87);
    }
    into[word] = value;
  }
}

/** SHA-256 of something small, synchronously; bulk goes to the CryptoSuite. */
export const smallSha256 = (bytes: Uint8Array): Bytes => toBytes(sha256(bytes));
