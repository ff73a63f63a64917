import { compareBytes } from '../bytes.ts';

/**
 * The one Ed25519 verification rule, in both suites: RFC 8032 without the cofactor, [S]B = R + [k]A, and before it
 * - S < L (no second signature for the same message by adding L),
 * - A and R canonical (y < p, no sign bit on x = 0) and not of small order (such keys sign everything).
 * That is what the W3C's "Secure Curves in the Web Cryptography API" demands; platforms that lag behind differ exactly in the
 * checks made here. Format: src/core/FORMAT.md, section "Primitives".
 */

const SIGNATURE_BYTES = 64;
const PUBLIC_KEY_BYTES = 32;

/** L = 2^252 + 27742317777372353535851937790883648493, most significant byte first. */
const ORDER = Uint8Array.from([
  0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58,
  0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
]);

/** p = 2^255 - 19, most significant byte first. */
const PRIME = Uint8Array.from([0x7f, ...new Array<number>(30).fill(0xff), 0xed]);

/** The y coordinates of the eight points of small order, most significant byte first: 0, 1, p - 1, and two of order 8. */
const SMALL_ORDER_Y = [
  new Uint8Array(32),
  Uint8Array.from([...new Array<number>(31).fill(0), 1]),
  Uint8Array.from([0x7f, ...new Array<number>(30).fill(0xff), 0xec]),
  Uint8Array.from([
    0x05, 0xfc, 0x53, 0x6d, 0x88, 0x02, 0x38, 0xb1, 0x39, 0x33, 0xc6, 0xd3, 0x05, 0xac, 0xdf, 0xd5, 0xf0,
    0x98, 0xef, 0xf2, 0x89, 0xf4, 0xc3, 0x45, 0xb0, 0x27, 0xb2, 0xc2, 0x8f, 0x95, 0xe8, 0x26,
  ]),
  Uint8Array.from([
    0x7a, 0x03, 0xac, 0x92, 0x77, 0xfd, 0xc7, 0x4e, 0xc6, 0xcc, 0x39, 0x2c, 0xfa, 0x53, 0x20, 0x2a, 0x0f,
    0x67, 0x10, 0x0d, 0x76, 0x0b, 0x3c, 0xba, 0x4f, 0xd8, 0x4d, 0x3d, 0x70, 0x6a, 0x17, 0xc7,
  ]),
];

/** Whether 32 bytes may be a public key: canonical and not of small order. Says nothing about being on the curve. */
function isPlausiblePoint(encoded: Uint8Array): boolean {
  if (encoded.length !== PUBLIC_KEY_BYTES) return false;
  const y = Uint8Array.from(encoded).reverse();
  y[0] = (y[0] ?? 0) & 0x7f; // the top bit is the sign of x
  return compareBytes(y, PRIME) < 0 && SMALL_ORDER_Y.every((small) => compareBytes(y, small) !== 0);
}

/** The checks that come before any arithmetic; a suite answers `false` when they fail. */
export function mayVerify(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const s = Uint8Array.from(signature.subarray(32)).reverse();
  return (
    compareBytes(s, ORDER) < 0 && isPlausiblePoint(publicKey) && isPlausiblePoint(signature.subarray(0, 32))
  );
}
