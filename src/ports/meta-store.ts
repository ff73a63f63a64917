import type { Bytes } from '../core/bytes.ts';

/**
 * A small ordered key-value store with atomic batches: IndexedDB, node:sqlite, memory.
 * Tables are named by the agent (src/agent/store/tables.ts) and made on first use of the store's list.
 * Values that were read are not to be changed or transferred: a store may give the same array to everybody who asks.
 * A table's name is up to 64 of a-z A-Z 0-9 _ -, the first a small letter; others reject with RoostError 'usage'.
 */
export interface MetaStore {
  get(table: string, key: string): Promise<Bytes | undefined>;
  /** Values in the order of `keys`. */
  getMany(table: string, keys: readonly string[]): Promise<readonly (Bytes | undefined)[]>;
  /** Rows in ascending order of key (UTF-16 code unit order), at most `limit`. */
  scan(table: string, range: ScanRange): Promise<readonly MetaRow[]>;
  /** All or nothing. Resolves when durable (IndexedDB "strict", SQLite synchronous=FULL) unless `durable` is false. */
  write(operations: readonly MetaOperation[], options?: { readonly durable?: boolean }): Promise<void>;
  close(): Promise<void>;
}

export interface MetaRow {
  readonly key: string;
  readonly value: Bytes;
}

/** `after` and `prefix` may be combined; `limit` is 1 to 10,000 (else RoostError 'usage'). To go through a table, pass the last key as `after`. */
export interface ScanRange {
  readonly after?: string;
  readonly prefix?: string;
  readonly limit: number;
}

export type MetaOperation =
  | { readonly kind: 'put'; readonly table: string; readonly key: string; readonly value: Bytes }
  | { readonly kind: 'delete'; readonly table: string; readonly key: string };
