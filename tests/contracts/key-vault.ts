import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountSecrets } from '../../src/core/crypto/account-keys.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import { deviceIdOfKey, parseRendezvousId } from '../../src/core/ids.ts';
import type { KeyVault } from '../../src/ports/key-vault.ts';
import { patternBytes } from './expect-fault.ts';

export interface KeyVaultHarness {
  readonly vault: KeyVault;
  /** What the vault's keys work with. */
  readonly suite: CryptoSuite;
  /** A second vault over the same place. */
  reopen(): Promise<KeyVault>;
  cleanUp?(): Promise<void>;
}

export const CONTRACT_SECRETS: AccountSecrets = {
  accountSignSeed: patternBytes(32, 1),
  content: patternBytes(32, 2),
  chunkId: patternBytes(32, 3),
  shard: patternBytes(32, 4),
  head: patternBytes(32, 5),
  rendezvous: parseRendezvousId('5e'.repeat(32)),
  check: '01020304',
};

const message = patternBytes(100, 9);
const salt = patternBytes(32, 10);

/** What every key vault must keep. `make` gives an empty vault. */
export function keyVaultContract(name: string, make: () => Promise<KeyVaultHarness>): void {
  describe(`${name} keeps the key vault contract`, () => {
    let harness: KeyVaultHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => harness.cleanUp?.());

    it('has no account at first', async () => {
      expect(await harness.vault.loadAccount()).toBeUndefined();
    });

    it('gives the same keys when saved and when loaded by another vault of the same place', async () => {
      const { suite } = harness;
      const saved = await harness.vault.saveAccount(CONTRACT_SECRETS);
      const loaded = await (await harness.reopen()).loadAccount();
      expect(loaded).toBeDefined();
      if (loaded === undefined) return;

      const { publicKey } = await suite.importSigning(CONTRACT_SECRETS.accountSignSeed);
      const expectedAccount = Array.from(publicKey, (byte) => byte.toString(16).padStart(2, '0')).join('');
      for (const keys of [saved, loaded]) {
        expect(keys.account).toBe(expectedAccount);
        expect(keys.rendezvous).toBe(CONTRACT_SECRETS.rendezvous);
        expect(keys.check).toBe(CONTRACT_SECRETS.check);
        expect(keys.gear.length).toBe(1024);
        expect(await suite.verify(publicKey, message, await suite.sign(keys.signing, message))).toBe(true);
      }
      expect(loaded.gear).toEqual(saved.gear);
      expect(await suite.hmac(loaded.chunkId, message)).toEqual(await suite.hmac(saved.chunkId, message));
      for (const key of ['content', 'shard', 'head'] as const) {
        expect(await suite.deriveBytes(loaded[key], salt, message, 32)).toEqual(
          await suite.deriveBytes(saved[key], salt, message, 32),
        );
      }
    });

    it('makes the device key once', async () => {
      const made = await harness.vault.deviceKey();
      const again = await harness.vault.deviceKey();
      const other = await (await harness.reopen()).deviceKey();
      expect(deviceIdOfKey(again.publicKey)).toBe(deviceIdOfKey(made.publicKey));
      expect(deviceIdOfKey(other.publicKey)).toBe(deviceIdOfKey(made.publicKey));
      const signature = await harness.suite.sign(other.key, message);
      expect(await harness.suite.verify(made.publicKey, message, signature)).toBe(true);
    });

    it('makes one device key when asked twice at once', async () => {
      const [one, two] = await Promise.all([harness.vault.deviceKey(), harness.vault.deviceKey()]);
      expect(two.publicKey).toEqual(one.publicKey);
    });

    it('keeps the device key when an account is saved, and the other way round', async () => {
      const made = await harness.vault.deviceKey();
      const saved = await harness.vault.saveAccount(CONTRACT_SECRETS);
      const vault = await harness.reopen();
      expect((await vault.deviceKey()).publicKey).toEqual(made.publicKey);
      expect((await vault.loadAccount())?.account).toBe(saved.account);
    });
  });
}
