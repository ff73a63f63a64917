import { randomFillSync } from 'node:crypto';
import { chmod, constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import type { AccountKeys, AccountSecrets } from '../../core/crypto/account-keys.ts';
import { importAccountKeys } from '../../core/crypto/phrase.ts';
import type { CryptoSuite, SigningKey } from '../../core/crypto/suite.ts';
import { RoostError } from '../../core/errors.ts';
import { parseRendezvousId } from '../../core/ids.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import { writeFileDurably } from './durable-files.ts';
import { makeFolder } from './make-folder.ts';
import { codeOf, onSystem } from './system-faults.ts';

const FORMAT = 'roost keys 1';
const KEY_BYTES = 32;
const FILE_MAX_BYTES = 16_384;
const ACCOUNT_KEYS = ['accountSignSeed', 'content', 'chunkId', 'shard', 'head'] as const;

interface Stored {
  readonly deviceSeed?: Bytes;
  readonly account?: AccountSecrets;
}

/** Keys in one file that only its owner can read (mode 0600, in a folder of mode 0700). The words are not in it. */
export class FileKeyVault implements KeyVault {
  readonly #path: string;
  readonly #suite: CryptoSuite;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, suite: CryptoSuite) {
    this.#path = path;
    this.#suite = suite;
  }

  saveAccount(secrets: AccountSecrets): Promise<AccountKeys> {
    return this.#inOrder(async () => {
      await this.#save({ ...(await this.#load()), account: secrets });
      return importAccountKeys(this.#suite, secrets);
    });
  }

  loadAccount(): Promise<AccountKeys | undefined> {
    return this.#inOrder(async () => {
      const { account } = await this.#load();
      return account === undefined ? undefined : importAccountKeys(this.#suite, account);
    });
  }

  deviceKey(): Promise<{ readonly key: SigningKey; readonly publicKey: Bytes }> {
    return this.#inOrder(async () => {
      const stored = await this.#load();
      const deviceSeed = stored.deviceSeed ?? randomFillSync(new Uint8Array(KEY_BYTES));
      if (stored.deviceSeed === undefined) await this.#save({ ...stored, deviceSeed });
      return this.#suite.importSigning(deviceSeed);
    });
  }

  #inOrder<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => onSystem('the key file cannot be used', call));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #load(): Promise<Stored> {
    let handle;
    try {
      handle = await open(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return {};
      throw error;
    }
    try {
      const { mode, size } = await handle.stat();
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        const octal = (mode & 0o777).toString(8);
        throw new RoostError(
          'denied',
          `the key file must have mode 600, got ${octal}: others may have read it`,
        );
      }
      if (size > FILE_MAX_BYTES) throw damaged(`at most ${FILE_MAX_BYTES} bytes expected, got ${size}`);
      return parse(await handle.readFile('utf8'));
    } finally {
      await handle.close();
    }
  }

  async #save(stored: Stored): Promise<void> {
    const folder = dirname(this.#path);
    await makeFolder(folder, 0o700);
    if (process.platform !== 'win32') await chmod(folder, 0o700);
    await writeFileDurably(this.#path, Buffer.from(`${format(stored)}\n`), 0o600);
  }
}

const damaged = (how: string): RoostError => new RoostError('corrupt', `the key file is damaged: ${how}`);

function format({ deviceSeed, account }: Stored): string {
  const text = (bytes: Bytes): string => Buffer.from(bytes).toString('base64');
  return JSON.stringify({
    format: FORMAT,
    ...(deviceSeed && { deviceSeed: text(deviceSeed) }),
    ...(account && {
      account: {
        ...Object.fromEntries(ACCOUNT_KEYS.map((name) => [name, text(account[name])])),
        rendezvous: account.rendezvous,
        check: account.check,
      },
    }),
  });
}

function parse(text: string): Stored {
  const file = recordOf(jsonOf(text), 'the file');
  if (file['format'] !== FORMAT) throw damaged(`"format" must be "${FORMAT}"`);
  return {
    ...('deviceSeed' in file && { deviceSeed: keyOf(file, 'deviceSeed') }),
    ...('account' in file && { account: accountOf(recordOf(file['account'], '"account"')) }),
  };
}

function accountOf(record: Readonly<Record<string, unknown>>): AccountSecrets {
  const { rendezvous, check } = record;
  if (typeof rendezvous !== 'string' || typeof check !== 'string' || !/^[0-9a-f]{8}$/.test(check)) {
    throw damaged('"rendezvous" and "check" must be hex digits');
  }
  return {
    accountSignSeed: keyOf(record, 'accountSignSeed'),
    content: keyOf(record, 'content'),
    chunkId: keyOf(record, 'chunkId'),
    shard: keyOf(record, 'shard'),
    head: keyOf(record, 'head'),
    rendezvous: parseRendezvousId(rendezvous),
    check,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // the parser's own message quotes what it read, which is secret
    throw damaged('it is no JSON');
  }
}

function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw damaged(`${what} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}

function keyOf(record: Readonly<Record<string, unknown>>, name: string): Bytes {
  const value = record[name];
  const bytes = typeof value === 'string' ? Uint8Array.from(Buffer.from(value, 'base64')) : undefined;
  if (bytes?.length !== KEY_BYTES) throw damaged(`"${name}" must be ${KEY_BYTES} bytes in base64`);
  return bytes;
}
