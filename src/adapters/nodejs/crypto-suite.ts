import { createHmac, createSecretKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import { checkKeyBytes } from '../../core/crypto/checks.ts';
import type { AesGcmKey, CryptoSuite, HmacKey } from '../../core/crypto/suite.ts';
import { createWebCryptoSuite } from '../../core/crypto/webcrypto.ts';
import { openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { ownBytes } from './own-bytes.ts';

const KEY_BYTES = 32;

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

    seal: async (key, nonce, aad, plaintext, into) => sealAesGcm(handle(key), nonce, aad, plaintext, into),
    open: async (key, nonce, aad, sealed) => openAesGcm(handle(key), nonce, aad, sealed),
    hmac: async (key, data) => ownBytes(createHmac('sha256', handle(key)).update(data).digest()),
    sha256: async (data) => ownBytes(hash('sha256', data, 'buffer')),
  };
}
