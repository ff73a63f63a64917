import type { Bytes } from '../../core/bytes.ts';
import type { AccountKeys, AccountSecrets } from '../../core/crypto/account-keys.ts';
import { importAccountKeys } from '../../core/crypto/phrase.ts';
import type { CryptoSuite, SigningKey } from '../../core/crypto/suite.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import type { Life } from './life.ts';
import type { MemoryDisk } from './memory-disk.ts';

/** Keys on a simulated disk. */
export class MemoryKeyVault implements KeyVault {
  readonly #disk: MemoryDisk;
  readonly #life: Life;
  readonly #suite: CryptoSuite;
  readonly #random: Random;

  constructor(disk: MemoryDisk, life: Life, suite: CryptoSuite, random: Random) {
    this.#disk = disk;
    this.#life = life;
    this.#suite = suite;
    this.#random = random;
  }

  async saveAccount(secrets: AccountSecrets): Promise<AccountKeys> {
    await this.#operate(() => {
      this.#disk.secrets.account = secrets;
    });
    return importAccountKeys(this.#suite, secrets);
  }

  async loadAccount(): Promise<AccountKeys | undefined> {
    const secrets = await this.#operate(() => this.#disk.secrets.account);
    return secrets === undefined ? undefined : importAccountKeys(this.#suite, secrets);
  }

  async deviceKey(): Promise<{ readonly key: SigningKey; readonly publicKey: Bytes }> {
    const seed = await this.#operate(() => (this.#disk.secrets.deviceSeed ??= this.#random.bytes(32)));
    return this.#suite.importSigning(seed.slice());
  }

  async #operate<T>(apply: () => T): Promise<T> {
    this.#life.check();
    const result = await this.#disk.operate(apply);
    this.#life.check();
    return result;
  }
}
