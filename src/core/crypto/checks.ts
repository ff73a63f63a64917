import { RoostError } from '../errors.ts';
import { TAG_BYTES } from '../limits.ts';

/** Checks of arguments that both suites share, so that both fail alike. */

const HKDF_SHA256_MAX_BYTES = 255 * 32;
const NONCE_BYTES = 12;

/** @throws RoostError 'usage' */
export function checkDeriveLength(length: number): void {
  if (!Number.isInteger(length) || length < 1 || length > HKDF_SHA256_MAX_BYTES) {
    throw new RoostError(
      'usage',
      `HKDF "length" must be from 1 to ${HKDF_SHA256_MAX_BYTES} bytes, got ${length}`,
    );
  }
}

/** @throws RoostError 'usage' */
export function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== NONCE_BYTES) {
    throw new RoostError('usage', `AES-GCM "nonce" must be ${NONCE_BYTES} bytes, got ${nonce.length}`);
  }
}

/** @throws RoostError 'usage' when `into` does not hold just what sealing `plaintext` makes */
export function checkSealedLength(plaintext: Uint8Array, into: Uint8Array): void {
  const expected = plaintext.length + TAG_BYTES;
  if (into.length !== expected)
    throw new RoostError('usage', `AES-GCM "into" must be ${expected} bytes, got ${into.length}`);
}

/** @throws RoostError 'usage' when a key, seed or public key is not 32 bytes */
export function checkKeyBytes(what: string, bytes: Uint8Array): void {
  if (bytes.length !== 32) throw new RoostError('usage', `${what} must be 32 bytes, got ${bytes.length}`);
}
