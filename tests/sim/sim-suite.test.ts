import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { createNobleSuite } from '../../src/core/crypto/noble.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import { expectFault, patternBytes } from '../contracts/expect-fault.ts';
import { createSimSuite } from './sim-suite.ts';

function suites(seed = 'suite'): readonly [CryptoSuite, CryptoSuite] {
  const chance = (): ((length: number) => Bytes) => {
    const random = new SeededRandom(seed);
    return (length) => random.bytes(length);
  };
  return [createSimSuite(chance()), createNobleSuite(chance())];
}

describe('The suite of the simulator', () => {
  it('hashes, derives, authenticates and seals as the real one does', async () => {
    const [sim, real] = suites();
    const ikm = patternBytes(32);
    const answers = await Promise.all(
      [sim, real].map(async (suite) => {
        const hkdf = await suite.importHkdf(ikm);
        const key = await suite.deriveAesGcm(hkdf, patternBytes(8), patternBytes(5));
        const hmac = await suite.deriveHmac(hkdf, patternBytes(8), patternBytes(6));
        const sealed = await suite.seal(key, patternBytes(12), patternBytes(9), patternBytes(1000));
        return [
          await suite.sha256(ikm),
          await suite.deriveBytes(hkdf, patternBytes(3), patternBytes(4), 100),
          await suite.hmac(hmac, patternBytes(70)),
          sealed,
          await suite.open(key, patternBytes(12), patternBytes(9), sealed),
          await suite.seal(key, patternBytes(12), patternBytes(0), patternBytes(0)),
        ];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
  });

  it('opens nothing that was changed or cut', async () => {
    const [sim] = suites();
    const key = await sim.importAesGcm(patternBytes(32));
    const sealed = await sim.seal(key, patternBytes(12), patternBytes(3), patternBytes(40));
    for (let at = 0; at < sealed.length; at++) {
      const flipped = sealed.slice();
      flipped[at]! ^= 1 << (at % 8);
      await expectFault(sim.open(key, patternBytes(12), patternBytes(3), flipped), 'corrupt');
      await expectFault(sim.open(key, patternBytes(12), patternBytes(3), sealed.slice(0, at)), 'corrupt');
    }
  });

  it('verifies a signature of 64 bytes for its own key and message alone, whatever bit is flipped', async () => {
    const [sim] = suites();
    const { key, publicKey } = await sim.importSigning(patternBytes(32));
    const other = await sim.generateSigning();
    const message = patternBytes(50);
    const signature = await sim.sign(key, message);
    expect([publicKey.length, signature.length]).toEqual([32, 64]);
    expect(await sim.verify(publicKey, message, signature)).toBe(true);
    expect(await sim.verify(other.publicKey, message, signature)).toBe(false);
    const flips = (bytes: Bytes): Bytes[] =>
      Array.from({ length: 8 * bytes.length }, (_, bit) => {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        return flipped;
      });
    for (const flipped of flips(signature)) expect(await sim.verify(publicKey, message, flipped)).toBe(false);
    for (const flipped of flips(message)) expect(await sim.verify(publicKey, flipped, signature)).toBe(false);
    for (const flipped of flips(publicKey)) expect(await sim.verify(flipped, message, signature)).toBe(false);
    expect(await sim.verify(publicKey, message, signature.slice(0, 63))).toBe(false);
  });

  it('makes the same keys from the same chance, and the same signature for the same message', async () => {
    const [[a], [b], [c]] = [suites(), suites(), suites('another')];
    const [one, two, three] = await Promise.all([a, b, c].map((suite) => suite.generateSigning()));
    expect(one!.publicKey).toEqual(two!.publicKey);
    expect(one!.publicKey).not.toEqual(three!.publicKey);
    expect(await a.sign(one!.key, patternBytes(9))).toEqual(await b.sign(two!.key, patternBytes(9)));
  });

  it('agrees on the same 32 bytes at both ends, and on others with anybody else', async () => {
    const [sim] = suites();
    const [a, b, c] = [
      await sim.generateAgreement(),
      await sim.generateAgreement(),
      await sim.generateAgreement(),
    ];
    const shared = await sim.agree(a.key, b.publicKey);
    expect(shared.length).toBe(32);
    expect(await sim.agree(b.key, a.publicKey)).toEqual(shared);
    expect(await sim.agree(c.key, b.publicKey)).not.toEqual(shared);
    expect(await sim.agree(a.key, c.publicKey)).not.toEqual(shared);
    await expectFault(sim.agree(a.key, new Uint8Array(32)), 'corrupt');
  });
});
