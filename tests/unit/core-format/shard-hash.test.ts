import { describe, expect, it } from 'vitest';
import { shardHash } from '../../../src/core/snapshot/shard.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { hashOfShard } from '../../sim/shard-hash.ts';
import { webCrypto } from './suites.ts';

describe('the hash of a sealed shard', () => {
  it.each([17, 65_552, 65_553, 131_104, 200_000])('is that of its segments: %i bytes', async (length) => {
    const sealed = patternBytes(length, 7);
    expect(await shardHash(webCrypto, sealed)).toEqual(hashOfShard(sealed));
  });
});
