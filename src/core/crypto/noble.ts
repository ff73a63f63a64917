import { gcm } from '@noble/ciphers/aes.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';
import { concatBytes, equalBytes, toBytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import { checkDeriveLength, checkKeyBytes, checkNonce, checkSealedLength } from './checks.ts';
import { mayVerify } from './ed25519.ts';
import type { AesGcmKey, AgreementKey, CryptoSuite, HkdfKey, HmacKey, SigningKey } from './suite.ts';

/** What stands behind an opaque key here; a plain object, so that it can cross postMessage. */
interface RawKey {
  readonly raw: Bytes;
}
type AnyKey = HkdfKey | AesGcmKey | HmacKey | SigningKey | AgreementKey;

const wrap = <K extends AnyKey>(raw: Bytes): K => ({ raw }) satisfies RawKey as unknown as K;
const raw = (key: AnyKey): Bytes => (key as unknown as RawKey).raw;

/**
 * The primitives in plain JavaScript: for the simulator, and as the second opinion on WebCrypto in tests.
 * `randomBytes` makes signing and agreement keys.
 */
export function createNobleSuite(randomBytes: (length: number) => Bytes): CryptoSuite {
  const derive = (key: HkdfKey, salt: Bytes, info: Bytes, length: number): Bytes =>
    toBytes(hkdf(sha256, raw(key), salt, info, length));

  const signingPair = (seed: Bytes): { key: SigningKey; publicKey: Bytes } => ({
    key: wrap<SigningKey>(seed),
    publicKey: toBytes(ed25519.getPublicKey(seed)),
  });

  return {
    importHkdf: async (ikm) => wrap<HkdfKey>(ikm.slice()),
    async deriveBytes(key, salt, info, length) {
      checkDeriveLength(length);
      return derive(key, salt, info, length);
    },
    deriveAesGcm: async (key, salt, info) => wrap<AesGcmKey>(derive(key, salt, info, 32)),
    deriveHmac: async (key, salt, info) => wrap<HmacKey>(derive(key, salt, info, 32)),
    async importAesGcm(bytes) {
      checkKeyBytes('AES-256-GCM key', bytes);
      return wrap<AesGcmKey>(bytes.slice());
    },
    async seal(key, nonce, aad, plaintext, into) {
      checkNonce(nonce);
      if (into !== undefined) checkSealedLength(plaintext, into);
      const sealed = toBytes(gcm(raw(key), nonce, aad).encrypt(plaintext));
      if (into === undefined) return sealed;
      into.set(sealed);
      return into;
    },
    async open(key, nonce, aad, sealed) {
      checkNonce(nonce);
      try {
        return toBytes(gcm(raw(key), nonce, aad).decrypt(sealed));
      } catch (cause) {
        throw new RoostError('corrupt', `sealed bytes (${sealed.length}) do not fit their tag`, { cause });
      }
    },
    hmac: async (key, data) => toBytes(hmac(sha256, raw(key), data)),
    sha256: async (data) => toBytes(sha256(data)),
    async importSigning(seed) {
      checkKeyBytes('Ed25519 seed', seed);
      return signingPair(seed.slice());
    },
    generateSigning: async () => signingPair(randomBytes(32)),
    sign: async (key, message) => toBytes(ed25519.sign(message, raw(key))),
    verify: async (publicKey, message, signature) => verify(publicKey, message, signature),
    async generateAgreement() {
      const secret = randomBytes(32);
      return { key: wrap<AgreementKey>(secret), publicKey: toBytes(x25519.getPublicKey(secret)) };
    },
    async agree(key, otherPublicKey) {
      checkKeyBytes('X25519 public key', otherPublicKey);
      try {
        return toBytes(x25519.getSharedSecret(raw(key), otherPublicKey));
      } catch (cause) {
        throw new RoostError('corrupt', 'X25519 public key is of small order', { cause });
      }
    },
  };
}

/** Cofactorless, unlike noble's own `verify`: the rule of ed25519.ts. */
function verify(publicKey: Bytes, message: Bytes, signature: Bytes): boolean {
  if (!mayVerify(publicKey, signature)) return false;
  const { Point } = ed25519;
  try {
    const r = signature.subarray(0, 32);
    const s = bytesToNumberLE(signature.subarray(32));
    const k = Point.Fn.create(bytesToNumberLE(sha512(concatBytes(r, publicKey, message))));
    const point = Point.BASE.multiplyUnsafe(s).subtract(Point.fromBytes(publicKey).multiplyUnsafe(k));
    return equalBytes(point.toBytes(), r);
  } catch {
    return false; // not on the curve
  }
}
