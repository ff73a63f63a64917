import { createHash } from 'node:crypto';
import type { Bytes } from '../../src/core/bytes.ts';
import { SEALED_SEGMENT_BYTES } from '../../src/core/limits.ts';

/** FORMAT.md "Sealed shard", once more and without the agent's code: the hash that a ledger names a shard by. */
export function hashOfShard(sealed: Uint8Array): Bytes {
  const hash = createHash('sha256');
  for (let at = 0; at < sealed.length; at += SEALED_SEGMENT_BYTES)
    hash.update(
      createHash('sha256')
        .update(sealed.subarray(at, at + SEALED_SEGMENT_BYTES))
        .digest(),
    );
  return new Uint8Array(hash.digest());
}
