import type { IDBPDatabase } from 'idb';
import { unwrap } from 'idb';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { MetaOperation, MetaRow, MetaStore, ScanRange } from '../../ports/meta-store.ts';
import { browserFault } from './browser-fault.ts';
import { DatabaseHolder } from './idb-database.ts';

const STORE = 'rows';
const TABLE_NAME = /^[a-z][A-Za-z0-9_-]{0,63}$/;
const SCAN_MAX_ROWS = 10_000;
/** Requests made in one task of the page: a thousand files remembered at once would take tens of milliseconds. */
const REQUESTS_A_TASK = 128;
/** Between table and key: lower than any character of a table name, so that a table's rows lie together. */
const SEPARATOR = '\0';
const AFTER_SEPARATOR = '\u0001';

interface Operation {
  readonly key: string;
  /** undefined to delete */
  readonly value: Bytes | undefined;
}

interface Batch {
  readonly operations: readonly Operation[];
  readonly durable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Rows of all tables in one object store under the text `table NUL key`: a text key is compared faster than an array, a new
 * table needs no upgrade, and every batch is one transaction. IndexedDB orders text by UTF-16 code units, as the port does.
 * Batches that wait while another commits are committed together, since each strict commit waits for the disk.
 */
export class IdbMetaStore implements MetaStore {
  readonly #database: DatabaseHolder;
  #queue: Batch[] = [];
  #committing: Promise<void> | undefined;
  /** reads that wait until all batches before them have begun */
  #waitingReads: (() => void)[] = [];

  private constructor(database: DatabaseHolder) {
    this.#database = database;
  }

  /**
   * Opens the database, made when missing.
   * @throws RoostError 'busy' when another tab holds an older version, 'denied' where the browser refuses storage
   */
  static async open(name: string): Promise<IdbMetaStore> {
    return new IdbMetaStore(await DatabaseHolder.open(name, STORE));
  }

  async get(table: string, key: string): Promise<Bytes | undefined> {
    const path = rowKey(table, key);
    return this.#read('get', (database) => database.get(STORE, path) as Promise<Bytes | undefined>);
  }

  async getMany(table: string, keys: readonly string[]): Promise<readonly (Bytes | undefined)[]> {
    const paths = keys.map((key) => rowKey(table, key));
    return this.#read('getMany', async (database) => {
      const store = database.transaction(STORE).store;
      return Promise.all(paths.map((path) => store.get(path) as Promise<Bytes | undefined>));
    });
  }

  async scan(table: string, range: ScanRange): Promise<readonly MetaRow[]> {
    const { limit } = range;
    if (!Number.isInteger(limit) || limit < 1 || limit > SCAN_MAX_ROWS) {
      throw new RoostError('usage', `"limit" must be 1 to ${SCAN_MAX_ROWS}, got ${limit}`);
    }
    const start = rowKey(table, '');
    const bounds = keyRange(table, range);
    if (bounds === undefined) return [];
    return this.#read('scan', async (database) => {
      const store = database.transaction(STORE).store;
      const [keys, values] = await Promise.all([
        store.getAllKeys(bounds, limit) as Promise<string[]>,
        store.getAll(bounds, limit) as Promise<Bytes[]>,
      ]);
      return keys.map((key, index) => ({ key: key.slice(start.length), value: values[index]! }));
    });
  }

  async write(
    operations: readonly MetaOperation[],
    { durable = true }: { readonly durable?: boolean } = {},
  ): Promise<void> {
    const rows = operations.map((operation) => ({
      key: rowKey(operation.table, operation.key),
      // A copy: IndexedDB would keep the whole buffer behind a view, and the caller may change its bytes while this waits.
      value: operation.kind === 'put' ? operation.value.slice() : undefined,
    }));
    this.#database.get();
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ operations: rows, durable, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  async close(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing;
    this.#database.close();
  }

  /** Reads see every write that was called before. */
  async #read<T>(what: string, run: (database: IDBPDatabase) => Promise<T>): Promise<T> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#waitingReads.push(resolve));
    try {
      return await run(this.#database.get());
    } catch (error) {
      throw browserFault(`${what} of the meta store`, error);
    }
  }

  async #commitAll(): Promise<void> {
    // Calls of one turn join the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batches = this.#queue;
      this.#queue = [];
      const committed = this.#commit(batches);
      // The transaction has begun, and IndexedDB runs later ones after it.
      for (const begin of this.#waitingReads.splice(0)) begin();
      try {
        await committed;
        for (const batch of batches) batch.resolve();
      } catch (error) {
        if (batches.length === 1) batches[0]?.reject(error);
        else await this.#commitEach(batches);
      }
    }
    this.#committing = undefined;
  }

  /** One of several did not fit: each for itself, so that only that one fails. */
  async #commitEach(batches: readonly Batch[]): Promise<void> {
    for (const batch of batches) {
      try {
        await this.#commit([batch]);
        batch.resolve();
      } catch (error) {
        batch.reject(error);
      }
    }
  }

  async #commit(batches: readonly Batch[]): Promise<void> {
    try {
      const durability = batches.some(({ durable }) => durable) ? 'strict' : 'relaxed';
      const transaction = this.#database.get().transaction(STORE, 'readwrite', { durability });
      request(
        unwrap(transaction.store),
        batches.flatMap(({ operations }) => operations),
      );
      await transaction.done;
    } catch (error) {
      throw browserFault('write to the meta store', error);
    }
  }
}

/**
 * Makes some requests, and the others from the event that tells of the last one: so the transaction stays open. One that fails aborts it. Not by the
 * promises of `idb`: nobody waits for a single row, and each costs more than its request.
 */
function request(store: IDBObjectStore, operations: readonly Operation[], from = 0): void {
  const to = Math.min(from + REQUESTS_A_TASK, operations.length);
  for (let at = from; at < to; at++) {
    const { key, value } = operations[at]!;
    const made = value === undefined ? store.delete(key) : store.put(value, key);
    if (at === to - 1 && to < operations.length) made.onsuccess = () => request(store, operations, to);
  }
}

function rowKey(table: string, key: string): string {
  if (!TABLE_NAME.test(table)) {
    throw new RoostError('usage', `a table name must be up to 64 of a-z A-Z 0-9 _ -, got "${table}"`);
  }
  return `${table}${SEPARATOR}${key}`;
}

/** The rows asked for, or undefined where there can be none. */
function keyRange(table: string, { after, prefix = '' }: ScanRange): IDBKeyRange | undefined {
  const first = rowKey(table, prefix);
  const end = prefix === '' ? `${table}${AFTER_SEPARATOR}` : endOfPrefix(first);
  const lower = after === undefined ? first : rowKey(table, after);
  if (lower >= end) return undefined;
  return lower < first
    ? IDBKeyRange.bound(first, end, false, true)
    : IDBKeyRange.bound(lower, end, after !== undefined, true);
}

/** The least text above all that begin with `text`, in the order of UTF-16 code units. */
function endOfPrefix(text: string): string {
  let length = text.length;
  while (text.charCodeAt(length - 1) === 0xffff) length--;
  // The table's name and the separator are in front, so some unit is below 0xFFFF.
  return text.slice(0, length - 1) + String.fromCharCode(text.charCodeAt(length - 1) + 1);
}
