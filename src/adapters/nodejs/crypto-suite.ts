import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import { checkKeyBytes, checkNonce } from '../../core/crypto/checks.ts';
import type { AesGcmKey, CryptoSuite, HmacKey } from '../../core/crypto/suite.ts';
import { createWebCryptoSuite } from '../../core/crypto/webcrypto.ts';
import { RoostError } from '../../core/errors.ts';
import { TAG_BYTES } from '../../core/limits.ts';

const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES };

/** Opaque keys are KeyObjects where the work is done here, else CryptoKeys. Both can be sent to a thread. */
const handle = (key: AesGcmKey | HmacKey): KeyObject => key as unknown as KeyObject;
const opaque = <Key extends AesGcmKey | HmacKey>(raw: Bytes): Key => createSecretKey(raw) as unknown as Key;

/**
 * The primitives under Node.js: WebCrypto, but ciphers and hashes are done at once in the thread that asks. WebCrypto of Node.js copies what it
 * is given and takes it to another thread, which costs more than the work itself.
 */
export function createNodeCryptoSuite(): CryptoSuite {
  const web = createWebCryptoSuite(globalThis.crypto.subtle);
  return {
    ...web,

    async deriveAesGcm(key, salt, info) {
      return opaque(await web.deriveBytes(key, salt, info, KEY_BYTES));
    },

    async deriveHmac(key, salt, info) {
      return opaque(await web.deriveBytes(key, salt, info, KEY_BYTES));
    },

    async importAesGcm(raw) {
      checkKeyBytes('AES-256-GCM key', raw);
      return opaque(raw);
    },

    async seal(key, nonce, aad, plaintext) {
      checkNonce(nonce);
      const cipher = createCipheriv(CIPHER, handle(key), nonce, CIPHER_OPTIONS).setAAD(aad);
      const sealed = uninitialized(plaintext.length + TAG_BYTES);
      sealed.set(cipher.update(plaintext));
      cipher.final();
      sealed.set(cipher.getAuthTag(), plaintext.length);
      return sealed;
    },

    async open(key, nonce, aad, sealed) {
      checkNonce(nonce);
      try {
        const end = sealed.length - TAG_BYTES;
        const decipher = createDecipheriv(CIPHER, handle(key), nonce, CIPHER_OPTIONS)
          .setAAD(aad)
          .setAuthTag(sealed.subarray(end));
        const plain = own(decipher.update(sealed.subarray(0, end)));
        decipher.final();
        return plain;
      } catch (cause) {
        throw new RoostError('corrupt', `sealed bytes (${sealed.length}) do not fit their tag`, { cause });
      }
    },

    hmac: async (key, data) => own(createHmac('sha256', handle(key)).update(data).digest()),
    sha256: async (data) => own(hash('sha256', data, 'buffer')),
  };
}

/** Bytes that hold whatever was there: all of them are written. */
function uninitialized(length: number): Bytes {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** A Buffer as plain bytes; one that is part of a pool is copied, for pools cannot be transferred. */
function own(buffer: Buffer): Bytes {
  const { buffer: memory } = buffer;
  return memory instanceof ArrayBuffer && memory.byteLength === buffer.byteLength
    ? new Uint8Array(memory)
    : new Uint8Array(buffer);
}
