import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherKey } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import { checkNonce, checkSealedLength } from '../../core/crypto/checks.ts';
import { RoostError } from '../../core/errors.ts';
import { TAG_BYTES } from '../../core/limits.ts';
import { ownBytes, release, uninitializedBytes } from './own-bytes.ts';

const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES };

/** AES-256-GCM, done when the call returns: ciphertext ‖ tag of 16 bytes, in `into` if that is given (crypto/suite.ts). */
export function sealAesGcm(key: CipherKey, nonce: Bytes, aad: Bytes, plaintext: Bytes, into?: Bytes): Bytes {
  checkNonce(nonce);
  if (into !== undefined) checkSealedLength(plaintext, into);
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS).setAAD(aad);
  const sealed = into ?? uninitializedBytes(plaintext.length + TAG_BYTES);
  const body = cipher.update(plaintext);
  sealed.set(body);
  if (body.buffer.byteLength === body.length) release(body.buffer);
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
