import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { Bytes } from '../bytes.ts';
import { toBytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import { hex } from '../hex.ts';
import { accountIdFromBytes, rendezvousIdFromBytes } from '../ids.ts';
import type { AccountKeys, AccountSecrets } from './account-keys.ts';
import { GEAR_BYTES } from '../chunk/gear.ts';
import { NO_SALT, label } from './labels.ts';
import type { CryptoSuite } from './suite.ts';

/** Entropy of twelve words. */
export const ENTROPY_BYTES = 16;
const WORDS = 12;

/** Twelve BIP39 words (English) for 16 random bytes. @throws RoostError 'usage' on another length */
export function phraseFromEntropy(entropy: Uint8Array): string {
  if (entropy.length !== ENTROPY_BYTES) {
    throw new RoostError('usage', `"entropy" must be ${ENTROPY_BYTES} bytes, got ${entropy.length}`);
  }
  return entropyToMnemonic(entropy, wordlist);
}

/**
 * What twelve words give. Any white space, upper case and NFKD-equivalent letters are taken.
 * @throws RoostError 'wrong-words' telling how many words came, which one (by position) is unknown, or that the checksum fails
 */
export function secretsFromPhrase(words: string): AccountSecrets {
  const list = words.normalize('NFKD').toLowerCase().trim().split(/\s+/u).filter(Boolean);
  if (list.length !== WORDS) {
    throw new RoostError('wrong-words', `the phrase must have ${WORDS} words, got ${list.length}`);
  }
  const unknown = list.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    throw new RoostError('wrong-words', `word ${unknown + 1} of the phrase is not in the list of words`);
  }
  let entropy: Uint8Array;
  try {
    entropy = mnemonicToEntropy(list.join(' '), wordlist);
  } catch {
    // without a cause: the library's messages may quote the words
    throw new RoostError('wrong-words', 'the words do not fit together: one is wrong or two are swapped');
  }
  return secretsFromEntropy(entropy);
}

/** One HKDF-SHA-256 of the entropy for each label, no salt. */
function secretsFromEntropy(entropy: Uint8Array): AccountSecrets {
  const derive = (name: string, length = 32): Bytes =>
    toBytes(hkdf(sha256, entropy, NO_SALT, label(name), length));
  return {
    accountSignSeed: derive('account-sign'),
    content: derive('content'),
    chunkId: derive('chunk-id'),
    shard: derive('shard'),
    head: derive('head'),
    rendezvous: rendezvousIdFromBytes(derive('rendezvous')),
    check: hex(derive('check', 4)),
  };
}

/** Makes the opaque handles. The HMAC of the chunk ids and the gear table both come from the chunk-id key. */
export async function importAccountKeys(suite: CryptoSuite, secrets: AccountSecrets): Promise<AccountKeys> {
  const chunk = await suite.importHkdf(secrets.chunkId);
  const { key: signing, publicKey } = await suite.importSigning(secrets.accountSignSeed);
  return {
    account: accountIdFromBytes(publicKey),
    signing,
    content: await suite.importHkdf(secrets.content),
    chunkId: await suite.deriveHmac(chunk, NO_SALT, label('chunk-hmac')),
    gear: await suite.deriveBytes(chunk, NO_SALT, label('gear'), GEAR_BYTES),
    shard: await suite.importHkdf(secrets.shard),
    head: await suite.importHkdf(secrets.head),
    rendezvous: secrets.rendezvous,
    check: secrets.check,
  };
}
