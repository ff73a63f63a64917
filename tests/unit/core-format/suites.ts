import { createNobleSuite } from '../../../src/core/crypto/noble.ts';
import { importAccountKeys, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import type { AccountKeys } from '../../../src/core/crypto/account-keys.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { toBytes } from '../../../src/core/bytes.ts';
import type { CryptoSuite } from '../../../src/core/crypto/suite.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { parseAgreementId, parseDeviceId, parsePackId } from '../../../src/core/ids.ts';
import type { Seal } from '../../../src/core/snapshot/shard.ts';

/** Both makers of the primitives, and fixed keys to use them with. */

export const webCrypto = createWebCryptoSuite(crypto.subtle);
export const noble = createNobleSuite((length) => crypto.getRandomValues(new Uint8Array(length)));
export const SUITES: readonly (readonly [name: string, suite: CryptoSuite])[] = [
  ['WebCrypto', webCrypto],
  ['noble', noble],
];

/** The phrase of 16 zero bytes: known to everybody, so good for tests only. */
export const WORDS = `${'abandon '.repeat(11)}about`;

export function fixedKeys(suite: CryptoSuite): Promise<AccountKeys> {
  return importAccountKeys(suite, secretsFromPhrase(WORDS));
}

export const fromHex = (text: string): Bytes => toBytes(new Uint8Array(Buffer.from(text, 'hex')));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const text = (value: string): Bytes => toBytes(new TextEncoder().encode(value));

export const PACK_ID = parsePackId('0102030405060708090a0b0c0d0e0f10');
export const SALT = new Uint8Array(32).fill(7);

export function sealFor(keys: AccountKeys, shard: number, holder = '11'): Seal {
  return {
    owner: keys.account,
    holder: parseDeviceId(holder.repeat(20)),
    agreement: parseAgreementId('22'.repeat(16)),
    packId: PACK_ID,
    shard,
  };
}
