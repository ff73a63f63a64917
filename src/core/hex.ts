import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from './bytes.ts';
import { toBytes } from './bytes.ts';

/** Lower-case hex of bytes. */
export const hex = (bytes: Uint8Array): string => bytesToHex(bytes);

const DIGITS_A_WORD = 8;

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
