import type { Bytes } from '../core/bytes.ts';
import type { CryptoSuite } from '../core/crypto/suite.ts';
import type { DeviceId } from '../core/ids.ts';
import type { BlobStore } from './blob-store.ts';
import type { Clock } from './clock.ts';
import type { Codec, CodecThreads } from './codec.ts';
import type { KeyVault } from './key-vault.ts';
import type { Log } from './log.ts';
import type { MetaStore } from './meta-store.ts';
import type { Random } from './random.ts';
import type { Rendezvous } from './rendezvous.ts';
import type { Transport } from './transport.ts';

/** All that a platform gives an agent. */
export interface Platform {
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: KeyVault;
  readonly meta: MetaStore;
  readonly blobs: BlobStore;
  readonly codec: Codec & Partial<CodecThreads>;
  /** Removes everything of this agent from the platform: keys, records, held pieces. Called after all is closed. */
  wipe(): Promise<void>;
  /** Opened by the agent once the device key is known. */
  network(
    identity: NetworkIdentity,
  ): Promise<{ readonly transport: Transport; readonly rendezvous: Rendezvous }>;
  /** address of app and broker, e.g. https://roost.example; invite links begin with it */
  readonly origin: string;
  readonly about: {
    readonly family: string;
    readonly system: string;
    readonly zone: number;
    readonly version: string;
  };
}

export interface NetworkIdentity {
  readonly device: DeviceId;
  readonly publicKey: Bytes;
  sign(message: Bytes): Promise<Bytes>;
}
