import type { Bytes } from '../src/core/bytes.ts';

/**
 * What the broker's handlers stand on: topics and key-value buckets. One process or many behind a load balancer: nothing but
 * the engine knows. Every bucket is named here, so that an adapter can prepare them all.
 */
export interface Engine {
  get(bucket: Bucket, key: string): Promise<Stored | undefined>;
  put(bucket: Bucket, key: string, value: Bytes, options?: Keep): Promise<void>;
  /**
   * Writes only when the key's revision is still `revision`; 0 means that the key must be absent (or expired).
   * @returns false when somebody else was faster
   */
  compareAndSwap(
    bucket: Bucket,
    key: string,
    revision: number,
    value: Bytes,
    options?: Keep,
  ): Promise<boolean>;
  /** No error when the key is absent. */
  remove(bucket: Bucket, key: string): Promise<void>;
  /** Keys that begin with `prefix` and come after `after`, ascending in UTF-8 byte order, at most `limit`. */
  list(bucket: Bucket, range: Range): Promise<readonly Row[]>;
  /** Gives a message to all subscribers of a topic, in order for one publisher; nothing is kept for those who come later. */
  publish(topic: string, message: Bytes): void;
  /** @returns a function that ends the subscription */
  subscribe(topic: string, handler: (message: Bytes) => void): () => void;
  /** Whether calls would succeed now; for /readyz. */
  healthy(): boolean;
  close(): Promise<void>;
}

export interface Keep {
  /** milliseconds since 1970 from which the key counts as absent; never when left out */
  readonly expiresAt?: number;
}

export interface Stored {
  readonly value: Bytes;
  /** 1 or more; another one after each write */
  readonly revision: number;
}

export interface Row extends Stored {
  readonly key: string;
}

export interface Range {
  readonly prefix: string;
  readonly after?: string;
  readonly limit: number;
}

/** `durable` survives a restart; the others describe connections, which do not either. */
export const BUCKETS = {
  /** device/kind/instance → nothing; sockets open now */
  presence: { durable: false },
  /** cooperative/device → what the device told about itself */
  listing: { durable: true },
  /** device/cooperative → nothing; where it is listed */
  membership: { durable: true },
  /** device → time online by day; `broker` → the broker's own */
  history: { durable: true },
  /** cooperative/position → roster entry */
  roster: { durable: true },
  /** rendezvous/device/cooperative → nothing; who holds heads */
  holding: { durable: true },
  /** device/cooperative → list of rendezvous ids announced */
  held: { durable: true },
  /** rendezvous/device → sealed head */
  head: { durable: true },
  /** device/rendezvous → nothing; counts what a device left */
  left: { durable: true },
  /** name → random key made at the first start */
  secret: { durable: true },
} as const satisfies Record<string, { readonly durable: boolean }>;

export type Bucket = keyof typeof BUCKETS;
