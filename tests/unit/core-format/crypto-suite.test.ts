import { describe, expect, it } from 'vitest';
import { createNodeCryptoSuite } from '../../../src/adapters/nodejs/crypto-suite.ts';
import { cryptoSuiteContract } from '../../contracts/crypto-suite.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { SUITES, noble, toHex, webCrypto } from './suites.ts';

for (const [name, suite] of SUITES) cryptoSuiteContract(name, suite);
cryptoSuiteContract('Node.js', createNodeCryptoSuite());

describe('WebCrypto and noble', () => {
  it('open what the other sealed and verify what the other signed', async () => {
    for (const [maker, reader] of [
      [webCrypto, noble],
      [noble, webCrypto],
    ] as const) {
      const secret = patternBytes(32);
      const [salt, info, nonce, aad] = [
        patternBytes(5, 2),
        patternBytes(6, 3),
        patternBytes(12, 4),
        patternBytes(7, 5),
      ];
      const made = await maker.deriveAesGcm(await maker.importHkdf(secret), salt, info);
      const read = await reader.deriveAesGcm(await reader.importHkdf(secret), salt, info);
      const sealed = await maker.seal(made, nonce, aad, patternBytes(1000));
      expect(toHex(await reader.open(read, nonce, aad, sealed))).toBe(toHex(patternBytes(1000)));

      const message = patternBytes(99);
      const { key, publicKey } = await maker.importSigning(secret);
      expect(await reader.verify(publicKey, message, await maker.sign(key, message))).toBe(true);
    }
  });

  it('agree with one another over X25519', async () => {
    const a = await webCrypto.generateAgreement();
    const b = await noble.generateAgreement();
    expect(toHex(await webCrypto.agree(a.key, b.publicKey))).toBe(
      toHex(await noble.agree(b.key, a.publicKey)),
    );
  });

  it('keep secret keys from being read out of WebCrypto', async () => {
    const { key } = await webCrypto.importSigning(patternBytes(32));
    await expect(crypto.subtle.exportKey('pkcs8', key as unknown as CryptoKey)).rejects.toThrow();
    const hkdf = await webCrypto.importHkdf(patternBytes(32));
    await expect(crypto.subtle.exportKey('raw', hkdf as unknown as CryptoKey)).rejects.toThrow();
  });
});
