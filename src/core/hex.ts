import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from './bytes.ts';
import { toBytes } from './bytes.ts';

/** Lower-case hex of bytes. */
export const hex = (bytes: Uint8Array): string => bytesToHex(bytes);

/** SHA-256 of something small, synchronously; bulk goes to the CryptoSuite. */
export const smallSha256 = (bytes: Uint8Array): Bytes => toBytes(sha256(bytes));
