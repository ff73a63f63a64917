import { ed25519 } from '@noble/curves/ed25519.js';
import type { Bytes } from '../bytes.ts';
import { concatBytes, toBytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import { checkDeriveLength, checkKeyBytes, checkNonce, checkSealedLength } from './checks.ts';
import { mayVerify } from './ed25519.ts';
import type { AesGcmKey, AgreementKey, CryptoSuite, HkdfKey, HmacKey, SigningKey } from './suite.ts';

/** The part of SubtleCrypto that is used; `crypto.subtle` of every platform fits. */
export interface SubtleLike {
  importKey(
    format: 'raw' | 'pkcs8',
    keyData: Bytes,
    algorithm: string | HmacOrAes,
    extractable: boolean,
    usages: KeyUsageLike[],
  ): Promise<object>;
  exportKey(format: 'raw', key: object): Promise<ArrayBuffer>;
  generateKey(algorithm: { name: string }, extractable: boolean, usages: KeyUsageLike[]): Promise<object>;
  deriveBits(algorithm: { name: string }, key: object, length: number): Promise<ArrayBuffer>;
  deriveKey(
    algorithm: { name: string },
    key: object,
    derived: HmacOrAes,
    extractable: boolean,
    usages: KeyUsageLike[],
  ): Promise<object>;
  encrypt(algorithm: { name: string }, key: object, data: Bytes): Promise<ArrayBuffer>;
  decrypt(algorithm: { name: string }, key: object, data: Bytes): Promise<ArrayBuffer>;
  sign(algorithm: string, key: object, data: Bytes): Promise<ArrayBuffer>;
  verify(algorithm: string, key: object, signature: Bytes, data: Bytes): Promise<boolean>;
  digest(algorithm: string, data: Bytes): Promise<ArrayBuffer>;
}
interface HmacOrAes {
  readonly name: string;
  readonly hash?: string;
  readonly length?: number;
}
type KeyUsageLike = 'sign' | 'verify' | 'encrypt' | 'decrypt' | 'deriveBits' | 'deriveKey';
type AnyKey = HkdfKey | AesGcmKey | HmacKey | SigningKey | AgreementKey;

const AES_256 = { name: 'AES-GCM', length: 256 };
const HMAC_SHA256 = { name: 'HMAC', hash: 'SHA-256', length: 256 };

/** PrivateKeyInfo of RFC 8410 up to the 32-byte seed: WebCrypto takes Ed25519 secrets in no shorter form. */
const PKCS8_ED25519 = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/** An opaque key is the platform's CryptoKey itself. */
const handle = (key: AnyKey): object => key;
const view = (buffer: ArrayBuffer): Bytes => new Uint8Array(buffer);

/**
 * The primitives by WebCrypto; all secret keys are non-extractable.
 * @param release gives memory back that nobody reads any more, where the platform holds on to it otherwise
 */
export function createWebCryptoSuite(
  subtle: SubtleLike,
  release: (memory: ArrayBuffer) => void = () => undefined,
): CryptoSuite {
  const hkdf = (salt: Bytes, info: Bytes): { name: string } & Record<string, unknown> => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt,
    info,
  });
  const gcm = (nonce: Bytes, aad: Bytes): { name: string } & Record<string, unknown> => {
    checkNonce(nonce);
    return { name: 'AES-GCM', iv: nonce, additionalData: aad };
  };
  async function generatePair(
    name: string,
    usages: KeyUsageLike[],
  ): Promise<{ key: object; publicKey: Bytes }> {
    const pair = await subtle.generateKey({ name }, false, usages);
    if (!isKeyPair(pair)) throw new RoostError('unsupported', `this platform makes no ${name} keys`);
    return { key: pair.privateKey, publicKey: view(await subtle.exportKey('raw', pair.publicKey)) };
  }

  return {
    async importHkdf(ikm) {
      return (await subtle.importKey('raw', ikm, 'HKDF', false, ['deriveBits', 'deriveKey'])) as HkdfKey;
    },
    async deriveBytes(key, salt, info, length) {
      checkDeriveLength(length);
      return view(await subtle.deriveBits(hkdf(salt, info), handle(key), length * 8));
    },
    async deriveAesGcm(key, salt, info) {
      const usages: KeyUsageLike[] = ['encrypt', 'decrypt'];
      return (await subtle.deriveKey(hkdf(salt, info), handle(key), AES_256, false, usages)) as AesGcmKey;
    },
    async deriveHmac(key, salt, info) {
      return (await subtle.deriveKey(hkdf(salt, info), handle(key), HMAC_SHA256, false, ['sign'])) as HmacKey;
    },
    async importAesGcm(raw) {
      checkKeyBytes('AES-256-GCM key', raw);
      return (await subtle.importKey('raw', raw, AES_256, false, ['encrypt', 'decrypt'])) as AesGcmKey;
    },
    async seal(key, nonce, aad, plaintext, into) {
      if (into !== undefined) checkSealedLength(plaintext, into);
      const sealed = await subtle.encrypt(gcm(nonce, aad), handle(key), plaintext);
      if (into === undefined) return view(sealed);
      into.set(view(sealed));
      release(sealed);
      return into;
    },
    async open(key, nonce, aad, sealed) {
      const algorithm = gcm(nonce, aad);
      try {
        return view(await subtle.decrypt(algorithm, handle(key), sealed));
      } catch (cause) {
        throw new RoostError('corrupt', `sealed bytes (${sealed.length}) do not fit their tag`, { cause });
      }
    },
    hmac: async (key, data) => view(await subtle.sign('HMAC', handle(key), data)),
    sha256: async (data) => view(await subtle.digest('SHA-256', data)),
    async importSigning(seed) {
      checkKeyBytes('Ed25519 seed', seed);
      const key = await subtle.importKey('pkcs8', concatBytes(PKCS8_ED25519, seed), 'Ed25519', false, [
        'sign',
      ]);
      // A non-extractable key tells its public half to nobody, so it is computed from the seed.
      return { key: key as SigningKey, publicKey: toBytes(ed25519.getPublicKey(seed)) };
    },
    async generateSigning() {
      const { key, publicKey } = await generatePair('Ed25519', ['sign', 'verify']);
      return { key: key as SigningKey, publicKey };
    },
    sign: async (key, message) => view(await subtle.sign('Ed25519', handle(key), message)),
    async verify(publicKey, message, signature) {
      if (!mayVerify(publicKey, signature)) return false;
      try {
        const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
        return await subtle.verify('Ed25519', key, signature, message);
      } catch {
        return false; // not on the curve
      }
    },
    async generateAgreement() {
      const { key, publicKey } = await generatePair('X25519', ['deriveBits']);
      return { key: key as AgreementKey, publicKey };
    },
    async agree(key, otherPublicKey) {
      checkKeyBytes('X25519 public key', otherPublicKey);
      let shared: Bytes;
      try {
        const other = await subtle.importKey('raw', otherPublicKey, 'X25519', false, []);
        const algorithm = { name: 'X25519', public: other };
        shared = view(await subtle.deriveBits(algorithm, handle(key), 256));
      } catch (cause) {
        throw new RoostError('corrupt', 'X25519 public key is of small order', { cause });
      }
      // Platforms that lag behind the specification return zeros instead of failing.
      if (shared.every((byte) => byte === 0))
        throw new RoostError('corrupt', 'X25519 public key is of small order');
      return shared;
    },
  };
}

function isKeyPair(value: object): value is { readonly privateKey: object; readonly publicKey: object } {
  return 'privateKey' in value && 'publicKey' in value;
}
