import type { Bytes } from '../bytes.ts';

declare const key: unique symbol;
type Opaque<Name extends string> = { readonly [key]: Name };

/** Keys are opaque to core: CryptoKeys (non-extractable) on WebCrypto, raw bytes in the noble twin. */
export type HkdfKey = Opaque<'hkdf'>;
export type AesGcmKey = Opaque<'aes-gcm'>;
export type HmacKey = Opaque<'hmac'>;
export type SigningKey = Opaque<'ed25519'>;
export type AgreementKey = Opaque<'x25519'>;

/**
 * The primitives, once: WebCrypto in the browser and under Node.js (src/core/crypto/webcrypto.ts), noble for the simulator
 * and as a second opinion in tests (src/core/crypto/noble.ts). Both pass one contract suite and the same vectors.
 * All keys can cross postMessage (CryptoKey is structured-cloneable).
 */
export interface CryptoSuite {
  importHkdf(ikm: Bytes): Promise<HkdfKey>;
  /** HKDF-SHA-256; `length` in bytes, at most 8160. */
  deriveBytes(key: HkdfKey, salt: Bytes, info: Bytes, length: number): Promise<Bytes>;
  deriveAesGcm(key: HkdfKey, salt: Bytes, info: Bytes): Promise<AesGcmKey>;
  deriveHmac(key: HkdfKey, salt: Bytes, info: Bytes): Promise<HmacKey>;
  /** AES-256-GCM key of 32 raw bytes. */
  importAesGcm(raw: Bytes): Promise<AesGcmKey>;
  /**
   * AES-256-GCM; `nonce` 12 bytes.
   * @param into where the result is to be written, 16 bytes more than the plaintext and none of it; fresh bytes when left out
   * @returns ciphertext ‖ 16-byte tag
   */
  seal(key: AesGcmKey, nonce: Bytes, aad: Bytes, plaintext: Bytes, into?: Bytes): Promise<Bytes>;
  /** @throws RoostError 'corrupt' when the tag does not fit */
  open(key: AesGcmKey, nonce: Bytes, aad: Bytes, sealed: Bytes): Promise<Bytes>;
  hmac(key: HmacKey, data: Bytes): Promise<Bytes>;
  sha256(data: Bytes): Promise<Bytes>;
  /** Ed25519 from a 32-byte seed. */
  importSigning(seed: Bytes): Promise<{ readonly key: SigningKey; readonly publicKey: Bytes }>;
  generateSigning(): Promise<{ readonly key: SigningKey; readonly publicKey: Bytes }>;
  sign(key: SigningKey, message: Bytes): Promise<Bytes>;
  /** The one verification rule of core/crypto/ed25519.ts. Never throws on bad input: false. */
  verify(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
  generateAgreement(): Promise<{ readonly key: AgreementKey; readonly publicKey: Bytes }>;
  /** X25519 shared secret, 32 bytes. @throws RoostError 'corrupt' on an all-zero result */
  agree(key: AgreementKey, otherPublicKey: Bytes): Promise<Bytes>;
}

/** Whoever can sign with an Ed25519 key. */
export interface Signer {
  readonly publicKey: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}
