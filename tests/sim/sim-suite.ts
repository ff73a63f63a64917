import { hash } from 'node:crypto';
import { openAesGcm, sealAesGcm } from '../../src/adapters/nodejs/aes-gcm.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import { checkDeriveLength, checkKeyBytes } from '../../src/core/crypto/checks.ts';
import type {
  AesGcmKey,
  AgreementKey,
  CryptoSuite,
  HkdfKey,
  HmacKey,
  SigningKey,
} from '../../src/core/crypto/suite.ts';
import { RoostError } from '../../src/core/errors.ts';

const NO_BYTES = new Uint8Array(0);

interface RawKey {
  readonly raw: Bytes;
}
type AnyKey = HkdfKey | AesGcmKey | HmacKey | SigningKey | AgreementKey;

const wrap = <K extends AnyKey>(raw: Bytes): K => ({ raw }) satisfies RawKey as unknown as K;
const rawOf = (key: AnyKey): Bytes => (key as unknown as RawKey).raw;

/** Small results lie in a pool that Node.js shares; all of ours own their bytes. */
function own(buffer: Uint8Array): Bytes {
  return new Uint8Array(buffer);
}

const sha256 = (...parts: readonly Uint8Array[]): Bytes => own(hash('sha256', joined(parts), 'buffer'));
const sha512 = (...parts: readonly Uint8Array[]): Bytes => own(hash('sha512', joined(parts), 'buffer'));

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

const SIGNING = Buffer.from('roost simulation signing key');
const AGREEMENT = Buffer.from('roost simulation agreement key');

/**
 * Secrets by public key, for the whole process: only code of this file sees them, so nobody in a simulation can sign for a key
 * that is not its own. A public key tells nothing of its secret (SHA-256).
 */
const signingSecrets = new Map<string, Bytes>();
const agreementSecrets = new Map<string, Bytes>();
/** Agreement keys are made for one handshake each: only the newest are remembered, or a simulated year would keep millions. */
const AGREEMENT_SECRETS_MAX = 65_536;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** HMAC-SHA-256 (RFC 2104) of two one-shot hashes: a sixth of the time that an HMAC object takes. */
function hmac(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const short = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key;
  const inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES, 0x5c);
  short.forEach((byte, i) => {
    inner[i]! ^= byte;
    outer[i]! ^= byte;
  });
  return hash(
    'sha256',
    Buffer.concat([outer, hash('sha256', Buffer.concat([inner, ...data]), 'buffer')]),
    'buffer',
  );
}

/** HKDF-SHA-256 (RFC 5869). */
function derive(key: HkdfKey, salt: Bytes, info: Bytes, length: number): Bytes {
  const secret = hmac(salt, rawOf(key));
  const derived = new Uint8Array(length);
  let block: Uint8Array = NO_BYTES;
  for (let at = 0, count = 1; at < length; at += DIGEST_BYTES, count++) {
    block = hmac(secret, block, info, Uint8Array.of(count));
    derived.set(block.subarray(0, length - at), at);
  }
  return derived;
}

function signingPair(seed: Bytes): { readonly key: SigningKey; readonly publicKey: Bytes } {
  const publicKey = sha256(SIGNING, seed);
  signingSecrets.set(textOf(publicKey), seed);
  return { key: wrap<SigningKey>(seed), publicKey };
}

/** 64 bytes that whoever lacks the secret cannot make: SHA-512 with the secret in front. */
const signatureOf = (secret: Bytes, message: Bytes): Bytes => sha512(secret, message);

function agreementPair(secret: Bytes): { readonly key: AgreementKey; readonly publicKey: Bytes } {
  const publicKey = sha256(AGREEMENT, secret);
  agreementSecrets.set(textOf(publicKey), secret);
  if (agreementSecrets.size > AGREEMENT_SECRETS_MAX)
    agreementSecrets.delete(agreementSecrets.keys().next().value!);
  return { key: wrap<AgreementKey>(secret), publicKey };
}

function agree(secret: Bytes, otherPublicKey: Bytes): Bytes {
  const publicKey = sha256(AGREEMENT, secret);
  const other = agreementSecrets.get(textOf(otherPublicKey));
  // A key made up by an attacker, whose other half nobody has.
  if (other === undefined) return sha256(secret, otherPublicKey);
  const [low, high] = textOf(publicKey) < textOf(otherPublicKey) ? [secret, other] : [other, secret];
  return sha256(AGREEMENT, low, high);
}

/**
 * The primitives for long simulations, all of them done before the call returns. Hashes, HMAC, HKDF and AES-256-GCM are the real
 * ones, by OpenSSL. Ed25519 and X25519 are stand-ins of the same shapes, a hundred times as fast: a signature is a keyed hash that
 * is verified with the secret from a register of this process, so within a simulation it is as hard to forge as the real one, and
 * outside of it worth nothing. `randomBytes` makes signing and agreement keys.
 */
export function createSimSuite(randomBytes: (length: number) => Bytes): CryptoSuite {
  return {
    importHkdf: async (ikm) => wrap<HkdfKey>(ikm.slice()),
    async deriveBytes(key, salt, info, length) {
      checkDeriveLength(length);
      return derive(key, salt, info, length);
    },
    deriveAesGcm: async (key, salt, info) => wrap<AesGcmKey>(derive(key, salt, info, 32)),
    deriveHmac: async (key, salt, info) => wrap<HmacKey>(derive(key, salt, info, 32)),
    async importAesGcm(raw) {
      checkKeyBytes('AES-256-GCM key', raw);
      return wrap<AesGcmKey>(raw.slice());
    },
    seal: async (key, nonce, aad, plaintext, into) => sealAesGcm(rawOf(key), nonce, aad, plaintext, into),
    open: async (key, nonce, aad, sealed) => openAesGcm(rawOf(key), nonce, aad, sealed),
    hmac: async (key, data) => own(hmac(rawOf(key), data)),
    sha256: async (data) => sha256(data),
    async importSigning(seed) {
      checkKeyBytes('Ed25519 seed', seed);
      return signingPair(seed.slice());
    },
    generateSigning: async () => signingPair(randomBytes(32)),
    sign: async (key, message) => signatureOf(rawOf(key), message),
    async verify(publicKey, message, signature) {
      const secret = signingSecrets.get(textOf(publicKey));
      return secret !== undefined && equalBytes(signatureOf(secret, message), signature);
    },
    generateAgreement: async () => agreementPair(randomBytes(32)),
    async agree(key, otherPublicKey) {
      checkKeyBytes('X25519 public key', otherPublicKey);
      if (otherPublicKey.every((byte) => byte === 0)) {
        throw new RoostError('corrupt', 'X25519 public key is of small order');
      }
      return agree(rawOf(key), otherPublicKey);
    },
  };
}
