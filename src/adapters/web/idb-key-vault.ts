import type { Bytes } from '../../core/bytes.ts';
import type { AccountKeys, AccountSecrets } from '../../core/crypto/account-keys.ts';
import { importAccountKeys } from '../../core/crypto/phrase.ts';
import type { CryptoSuite, SigningKey } from '../../core/crypto/suite.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import { browserFault } from './browser-fault.ts';
import { DatabaseHolder } from './idb-database.ts';

const STORE = 'keys';
const ACCOUNT = 'account';
const DEVICE = 'device';

interface DeviceKey {
  readonly key: SigningKey;
  readonly publicKey: Bytes;
}

/** Keys at rest as non-extractable CryptoKeys: IndexedDB keeps them, no script can read them out. */
export class IdbKeyVault implements KeyVault {
  readonly #database: DatabaseHolder;
  readonly #suite: CryptoSuite;

  private constructor(database: DatabaseHolder, suite: CryptoSuite) {
    this.#database = database;
    this.#suite = suite;
  }

  /** @param suite the WebCrypto one: only its keys can be kept */
  static async open(name: string, suite: CryptoSuite): Promise<IdbKeyVault> {
    return new IdbKeyVault(await DatabaseHolder.open(name, STORE), suite);
  }

  async saveAccount(secrets: AccountSecrets): Promise<AccountKeys> {
    const keys = await importAccountKeys(this.#suite, secrets);
    await guard('saving the account keys', async () => {
      const transaction = this.#database.get().transaction(STORE, 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.put(keys, ACCOUNT), transaction.done]);
    });
    return keys;
  }

  loadAccount(): Promise<AccountKeys | undefined> {
    return guard(
      'loading the account keys',
      () => this.#database.get().get(STORE, ACCOUNT) as Promise<AccountKeys | undefined>,
    );
  }

  deviceKey(): Promise<DeviceKey> {
    return guard('the device key', async () => {
      const present = (await this.#database.get().get(STORE, DEVICE)) as DeviceKey | undefined;
      if (present !== undefined) return present;
      const made = await this.#suite.generateSigning();
      const transaction = this.#database.get().transaction(STORE, 'readwrite', { durability: 'strict' });
      // Another call or tab may have made one meanwhile: the first to be kept is the device's.
      const kept = (await transaction.store.get(DEVICE)) as DeviceKey | undefined;
      if (kept === undefined) await transaction.store.put(made, DEVICE);
      await transaction.done;
      return kept ?? made;
    });
  }

  close(): void {
    this.#database.close();
  }
}

async function guard<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw browserFault(what, error);
  }
}
