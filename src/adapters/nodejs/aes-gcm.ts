import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherKey } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import { checkNonce } from '../../core/crypto/checks.ts';
import { RoostError } from '../../core/errors.ts';
import { TAG_BYTES } from '../../core/limits.ts';
import { ownBytes } from './own-bytes.ts';

const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES };

/** AES-256-GCM, done when the call returns: ciphertext ‖ tag of 16 bytes. */
export function sealAesGcm(key: CipherKey, nonce: Bytes, aad: Bytes, plaintext: Bytes): Bytes {
  checkNonce(nonce);
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS).setAAD(aad);
  // Holds whatever was there: all of it is written.
  const sealed = new Uint8Array(Buffer.allocUnsafeSlow(plaintext.length + TAG_BYTES).buffer);
  sealed.set(cipher.update(plaintext));
  cipher.final();
  sealed.set(cipher.getAuthTag(), plaintext.length);
  return sealed;
}

/** The plaintext of what `sealAesGcm` made. @throws RoostError 'corrupt' when bytes and tag do not fit */
export function openAesGcm(key: CipherKey, nonce: Bytes, aad: Bytes, sealed: Bytes): Bytes {
  checkNonce(nonce);
  try {
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS)
      .setAAD(aad)
      .setAuthTag(sealed.subarray(end));
    const plain = ownBytes(decipher.update(sealed.subarray(0, end)));
    decipher.final();
    return plain;
  } catch (cause) {
    throw new RoostError('corrupt', `sealed bytes (${sealed.length}) do not fit their tag`, { cause });
  }
}
