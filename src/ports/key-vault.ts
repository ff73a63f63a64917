import type { AccountKeys, AccountSecrets } from '../core/crypto/account-keys.ts';
import type { Bytes } from '../core/bytes.ts';
import type { SigningKey } from '../core/crypto/suite.ts';

/**
 * Where keys rest: IndexedDB with non-extractable CryptoKeys, a file of mode 0600, memory.
 * The recovery words themselves never reach a vault.
 */
export interface KeyVault {
  saveAccount(secrets: AccountSecrets): Promise<AccountKeys>;
  loadAccount(): Promise<AccountKeys | undefined>;
  /** Makes this device's key on the first call, loads it afterwards. */
  deviceKey(): Promise<{ readonly key: SigningKey; readonly publicKey: Bytes }>;
}
