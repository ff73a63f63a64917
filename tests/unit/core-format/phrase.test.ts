import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, it } from 'vitest';
import { importAccountKeys, phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { SUITES, WORDS, fixedKeys, toHex } from './suites.ts';

function wrongWords(words: string): string {
  try {
    secretsFromPhrase(words);
  } catch (error) {
    expect(error).toBeInstanceOf(RoostError);
    expect((error as RoostError).fault).toBe('wrong-words');
    return (error as RoostError).message;
  }
  throw new Error('the words were taken');
}

describe('a recovery phrase', () => {
  it('is twelve words for 16 bytes', () => {
    expect(phraseFromEntropy(new Uint8Array(16))).toBe(WORDS);
    expect(phraseFromEntropy(new Uint8Array(16).fill(0xff)).split(' ')).toHaveLength(12);
    expect(() => phraseFromEntropy(new Uint8Array(32))).toThrow('16 bytes, got 32');
  });

  it('is read with any white space and case', () => {
    const plain = secretsFromPhrase(WORDS);
    for (const words of [
      `  ${WORDS}\n`,
      WORDS.replaceAll(' ', '\t\r\n '),
      WORDS.toUpperCase(),
      WORDS.replaceAll(' ', '\u3000'),
    ]) {
      expect(secretsFromPhrase(words)).toEqual(plain);
    }
    // letters of another width are the same letters after NFKD
    expect(secretsFromPhrase(WORDS.replace('about', 'ａｂｏｕｔ'))).toEqual(plain);
  });

  it('names how many words came', () => {
    expect(wrongWords('abandon '.repeat(11))).toContain('got 11');
    expect(wrongWords('')).toContain('got 0');
    // a valid phrase of another length is none of ours
    expect(wrongWords(entropyToMnemonic(new Uint8Array(32), wordlist))).toContain('got 24');
  });

  it('names the place of an unknown word, not the word', () => {
    const message = wrongWords(WORDS.replace('abandon abandon', 'abandon hunter2'));
    expect(message).toContain('word 2 ');
    expect(message).not.toContain('hunter2');
  });

  it('says when the checksum fails, without a word of it', () => {
    const message = wrongWords('abandon '.repeat(12));
    expect(message).toContain('do not fit together');
    expect(message).not.toContain('abandon');
  });

  it('gives different secrets for each purpose and each phrase', () => {
    const a = secretsFromPhrase(WORDS);
    const b = secretsFromPhrase(phraseFromEntropy(new Uint8Array(16).fill(1)));
    const all = [a, b].flatMap((s) => [s.accountSignSeed, s.content, s.chunkId, s.shard, s.head].map(toHex));
    expect(new Set([...all, a.rendezvous, b.rendezvous]).size).toBe(12);
    expect(a.check).not.toBe(b.check);
  });

  it('gives the same account and gear table by either suite', async () => {
    const [first, second] = await Promise.all(SUITES.map(([, suite]) => fixedKeys(suite)));
    expect(first!.account).toBe(second!.account);
    expect(toHex(first!.gear)).toBe(toHex(second!.gear));
    expect(first!.gear.length).toBe(1024);
    const [, suite] = SUITES[0]!;
    const other = await importAccountKeys(
      suite,
      secretsFromPhrase(phraseFromEntropy(new Uint8Array(16).fill(1))),
    );
    expect(toHex(other.gear)).not.toBe(toHex(first!.gear));
  });
});
