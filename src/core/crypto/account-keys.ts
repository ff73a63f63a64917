import type { AccountId, RendezvousId } from '../ids.ts';
import type { Bytes } from '../bytes.ts';
import type { HkdfKey, HmacKey, SigningKey } from './suite.ts';

/** What the recovery words give: raw, secret, short-lived. Derived in core/crypto/phrase.ts; only a KeyVault keeps it. */
export interface AccountSecrets {
  readonly accountSignSeed: Bytes; // 32
  readonly content: Bytes; // 32, label roost/1/content
  readonly chunkId: Bytes; // 32, label roost/1/chunk-id
  readonly shard: Bytes; // 32, label roost/1/shard
  readonly head: Bytes; // 32, label roost/1/head
  readonly rendezvous: RendezvousId;
  /** 4 bytes of label roost/1/check as 8 hex digits; not secret */
  readonly check: string;
}

/** The keys at work: opaque handles and public values, safe to send to the codec workers. */
export interface AccountKeys {
  readonly account: AccountId;
  readonly signing: SigningKey;
  readonly content: HkdfKey;
  /** HMAC key of the chunk ids */
  readonly chunkId: HmacKey;
  /** 256 × u32 little-endian, keyed gear table of the chunker (1024 bytes) */
  readonly gear: Bytes;
  readonly shard: HkdfKey;
  /** derives the key of each head and of its salt (src/core/snapshot/head.ts) */
  readonly head: HkdfKey;
  readonly rendezvous: RendezvousId;
  readonly check: string;
}
