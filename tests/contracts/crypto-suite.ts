import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex as hex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { toBytes } from '../../src/core/bytes.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import ed25519Vectors from '../vectors/ed25519.json' with { type: 'json' };
import { expectFault, patternBytes } from './expect-fault.ts';

const bytes = (text: string): Bytes => toBytes(hexToBytes(text));
const NONE = new Uint8Array(0);

/** What every maker of the primitives must keep: public vectors, the one verification rule, faults instead of exceptions. */
export function cryptoSuiteContract(name: string, suite: CryptoSuite): void {
  describe(`${name} keeps the crypto suite contract`, () => {
    it('derives as RFC 5869 test case 1 says', async () => {
      const key = await suite.importHkdf(bytes('0b'.repeat(22)));
      const derived = await suite.deriveBytes(
        key,
        bytes('000102030405060708090a0b0c'),
        bytes('f0f1f2f3f4f5f6f7f8f9'),
        42,
      );
      expect(hex(derived)).toBe(
        '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
      );
    });

    it('derives from 1 to 8160 bytes and refuses other lengths', async () => {
      const key = await suite.importHkdf(patternBytes(32));
      for (const length of [1, 32, 1024, 8160]) {
        const expected = hkdf(sha256, patternBytes(32), NONE, NONE, length);
        expect(hex(await suite.deriveBytes(key, NONE, NONE, length))).toBe(hex(expected));
      }
      for (const length of [0, -1, 1.5, 8161])
        await expectFault(suite.deriveBytes(key, NONE, NONE, length), 'usage');
    });

    it('authenticates with a derived key as RFC 2104 says', async () => {
      const key = await suite.deriveHmac(await suite.importHkdf(patternBytes(32)), bytes('aa'), bytes('bb'));
      const raw = hkdf(sha256, patternBytes(32), bytes('aa'), bytes('bb'), 32);
      for (const length of [0, 1, 64, 10_000]) {
        const data = patternBytes(length);
        expect(hex(await suite.hmac(key, data))).toBe(hex(hmac(sha256, raw, data)));
      }
    });

    it('hashes as FIPS 180 says', async () => {
      expect(hex(await suite.sha256(bytes('616263')))).toBe(
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      );
    });

    it('seals as the AES-256-GCM test case 16 of McGrew and Viega says, and opens it', async () => {
      const key = await suite.importAesGcm(bytes('feffe9928665731c6d6a8f9467308308'.repeat(2)));
      const nonce = bytes('cafebabefacedbaddecaf888');
      const aad = bytes('feedfacedeadbeeffeedfacedeadbeefabaddad2');
      const plain = bytes(
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      );
      const sealed = await suite.seal(key, nonce, aad, plain);
      expect(hex(sealed)).toBe(
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
          '76fc6ece0f4e1768cddf8853bb2d551b',
      );
      expect(hex(await suite.open(key, nonce, aad, sealed))).toBe(hex(plain));
    });

    it('seals and opens nothing at all, and views into larger arrays', async () => {
      const key = await suite.importAesGcm(patternBytes(32));
      const nonce = new Uint8Array(12);
      const empty = await suite.seal(key, nonce, NONE, NONE);
      expect(empty.length).toBe(16);
      expect((await suite.open(key, nonce, NONE, empty)).length).toBe(0);
      const view = patternBytes(300).subarray(100, 200);
      const sealed = await suite.seal(key, nonce, view.subarray(0, 7), view);
      expect(hex(await suite.open(key, nonce, view.slice(0, 7), sealed))).toBe(hex(view));
    });

    it('seals into given bytes, and only where they are just as long', async () => {
      const key = await suite.importAesGcm(patternBytes(32));
      const nonce = new Uint8Array(12);
      for (const length of [0, 100, 65_536]) {
        const plain = patternBytes(length);
        const room = patternBytes(length + 50, 9);
        const into = room.subarray(20, 20 + length + 16);
        expect(await suite.seal(key, nonce, NONE, plain, into)).toBe(into);
        expect(hex(into)).toBe(hex(await suite.seal(key, nonce, NONE, plain)));
        const untouched = patternBytes(length + 50, 9);
        expect(hex(room.subarray(0, 20))).toBe(hex(untouched.subarray(0, 20)));
        expect(hex(room.subarray(36 + length))).toBe(hex(untouched.subarray(36 + length)));
        expect(hex(plain)).toBe(hex(patternBytes(length)));
        await expectFault(suite.seal(key, nonce, NONE, plain, room), 'usage');
      }
    });

    it('opens nothing that was changed, cut, lengthened or bound to something else', async () => {
      const key = await suite.importAesGcm(patternBytes(32));
      const nonce = patternBytes(12, 2);
      const aad = patternBytes(20, 3);
      const sealed = await suite.seal(key, nonce, aad, patternBytes(50, 4));
      for (let at = 0; at < sealed.length; at++) {
        const flipped = sealed.slice();
        flipped[at]! ^= 1 << (at % 8);
        await expectFault(suite.open(key, nonce, aad, flipped), 'corrupt');
        await expectFault(suite.open(key, nonce, aad, sealed.slice(0, at)), 'corrupt');
      }
      await expectFault(suite.open(key, nonce, aad, new Uint8Array([...sealed, 0])), 'corrupt');
      await expectFault(suite.open(key, patternBytes(12, 9), aad, sealed), 'corrupt');
      await expectFault(suite.open(key, nonce, aad.slice(1), sealed), 'corrupt');
      await expectFault(
        suite.open(await suite.importAesGcm(patternBytes(32, 8)), nonce, aad, sealed),
        'corrupt',
      );
    });

    it('refuses nonces, keys and seeds of another length', async () => {
      const key = await suite.importAesGcm(patternBytes(32));
      await expectFault(suite.seal(key, new Uint8Array(11), NONE, NONE), 'usage');
      await expectFault(suite.open(key, new Uint8Array(16), NONE, new Uint8Array(16)), 'usage');
      await expectFault(suite.importAesGcm(new Uint8Array(16)), 'usage');
      await expectFault(suite.importSigning(new Uint8Array(31)), 'usage');
      const { key: mine } = await suite.generateAgreement();
      await expectFault(suite.agree(mine, new Uint8Array(33)), 'usage');
    });

    it('signs as RFC 8032 test 1 says', async () => {
      const { key, publicKey } = await suite.importSigning(
        bytes('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'),
      );
      expect(hex(publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
      expect(hex(await suite.sign(key, NONE))).toBe(
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      );
    });

    it('signs with generated keys that differ', async () => {
      const [a, b] = [await suite.generateSigning(), await suite.generateSigning()];
      expect(hex(a.publicKey)).not.toBe(hex(b.publicKey));
      const message = patternBytes(100);
      expect(await suite.verify(a.publicKey, message, await suite.sign(a.key, message))).toBe(true);
      expect(await suite.verify(b.publicKey, message, await suite.sign(a.key, message))).toBe(false);
    });

    it.each(ed25519Vectors)('answers $valid to $what', async ({ publicKey, message, signature, valid }) => {
      expect(await suite.verify(bytes(publicKey), bytes(message), bytes(signature))).toBe(valid);
    });

    it('agrees on the same 32 bytes at both ends', async () => {
      const [a, b] = [await suite.generateAgreement(), await suite.generateAgreement()];
      const shared = await suite.agree(a.key, b.publicKey);
      expect(shared.length).toBe(32);
      expect(hex(await suite.agree(b.key, a.publicKey))).toBe(hex(shared));
    });

    it('refuses X25519 keys of small order as corrupt', async () => {
      const { key } = await suite.generateAgreement();
      const small = [
        '00'.repeat(32),
        `01${'00'.repeat(31)}`,
        'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
        '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
        'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
        'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
        'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      ];
      for (const publicKey of small) await expectFault(suite.agree(key, bytes(publicKey)), 'corrupt');
    });

    it('makes keys that survive a structured clone', async () => {
      const key = structuredClone(await suite.importAesGcm(patternBytes(32)));
      const sealed = await suite.seal(key, new Uint8Array(12), NONE, patternBytes(10));
      expect(hex(await suite.open(key, new Uint8Array(12), NONE, sealed))).toBe(hex(patternBytes(10)));
    });
  });
}
