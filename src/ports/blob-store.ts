import type { Bytes } from '../core/bytes.ts';

/**
 * Append-only volumes of the holder's disk: OPFS files, plain files, memory. Which shard lies where is the host's business
 * (src/agent/host); a blob store only appends, reads, flushes, truncates and removes. Calls on one volume run in order.
 * Names of volumes: up to 100 of A-Z a-z 0-9 . _ -, the first a letter or digit; others reject with RoostError 'usage'.
 */
export interface BlobStore {
  /** Volumes in the order of their names with their present length in bytes. */
  list(): Promise<readonly { readonly volume: string; readonly bytes: number }[]>;
  /**
   * Appends to a volume (made when missing) and returns the offset of the first byte. Not durable until `flush`.
   * @throws RoostError 'full' when the disk or quota is full: the volume may then hold a torn tail
   */
  append(volume: string, data: Bytes): Promise<number>;
  /**
   * Resolves when all that was appended to the volume before the call is durable (and its name, too).
   * @throws RoostError 'not-found'
   */
  flush(volume: string): Promise<void>;
  /** @throws RoostError 'corrupt' when fewer than `length` bytes are there, 'not-found' when the volume is not */
  read(volume: string, offset: number, length: number): Promise<Bytes>;
  /** Cuts the volume to `bytes`; durable. @throws RoostError 'usage' when it has fewer, 'not-found' */
  truncate(volume: string, bytes: number): Promise<void>;
  /** Removes a volume; durable; no error when it is not there. */
  remove(volume: string): Promise<void>;
  /** Space of the platform for this store, in bytes. */
  space(): Promise<StorageSpace>;
  close(): Promise<void>;
}

export interface StorageSpace {
  readonly used: number;
  readonly quota: number;
  /** 'tab' | 'installed' | 'appliance', and whether the platform promised not to evict */
  readonly storageClass: StorageClass;
  readonly persisted: boolean;
}

export type StorageClass = 'tab' | 'installed' | 'appliance';
