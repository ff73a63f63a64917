import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { chmodSync, closeSync, openSync } from 'node:fs';
import type { Bytes } from '../../core/bytes.ts';
import type { Fault } from '../../core/errors.ts';
import { RoostError } from '../../core/errors.ts';
import type { MetaOperation, MetaRow, MetaStore, ScanRange } from '../../ports/meta-store.ts';
import { decodeKey, encodeKey, endOfPrefix } from './row-keys.ts';

const TABLE_NAME = /^[a-z][A-Za-z0-9_-]{0,63}$/;
const SCAN_MAX_ROWS = 10_000;
const BUSY_TIMEOUT_MS = 5_000;
/** SQLite's result codes: SQLITE_FULL, SQLITE_CORRUPT and SQLITE_NOTADB, SQLITE_BUSY and SQLITE_LOCKED. */
const FAULTS: Readonly<Record<number, Fault>> = {
  5: 'busy',
  6: 'busy',
  11: 'corrupt',
  13: 'full',
  26: 'corrupt',
};

interface Table {
  readonly get: StatementSync;
  readonly put: StatementSync;
  readonly delete: StatementSync;
  readonly scan: StatementSync;
}

interface Batch {
  readonly operations: readonly MetaOperation[];
  readonly durable: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

function faultOfSqlite(error: unknown): RoostError {
  if (error instanceof RoostError) return error;
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  const fault = FAULTS[code] ?? 'internal';
  return new RoostError(fault, `the database failed with SQLite code ${code}`, { cause: error });
}

/**
 * Rows in one SQLite file, a table for each name. Batches that were asked for in one turn of the event loop are committed
 * together: one fsync serves them all, and each of them is still all or nothing.
 */
export class SqliteMetaStore implements MetaStore {
  readonly #database: DatabaseSync;
  readonly #tables = new Map<string, Table>();
  #batches: Batch[] = [];
  #synchronous: 'FULL' | 'NORMAL' | undefined;
  #closed = false;

  /** Opens (or makes) the database at `path`, readable by its owner only. */
  constructor(path: string) {
    try {
      closeSync(openSync(path, 'a', 0o600));
      chmodSync(path, 0o600);
      this.#database = new DatabaseSync(path);
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      this.#database.exec('PRAGMA journal_mode = WAL');
      this.#sync('FULL');
    } catch (error) {
      throw faultOfSqlite(error);
    }
  }

  get(table: string, key: string): Promise<Bytes | undefined> {
    return this.#read(() => this.#value(this.#table(table), key));
  }

  getMany(table: string, keys: readonly string[]): Promise<readonly (Bytes | undefined)[]> {
    return this.#read(() => {
      const found = this.#table(table);
      return keys.map((key) => this.#value(found, key));
    });
  }

  scan(table: string, { after, prefix, limit }: ScanRange): Promise<readonly MetaRow[]> {
    return this.#read(() => {
      if (!Number.isInteger(limit) || limit < 1 || limit > SCAN_MAX_ROWS) {
        throw new RoostError('usage', `"limit" must be 1 to ${SCAN_MAX_ROWS}, got ${limit}`);
      }
      const start = encodeKey(prefix ?? '');
      // the smallest key above `after` is `after` with a zero byte
      const next = after === undefined ? start : encodeKey(`${after}\0`);
      const from = Buffer.compare(start, next) > 0 ? start : next;
      const rows = this.#table(table).scan.all(from, endOfPrefix(prefix ?? ''), limit);
      return rows.map((row) => ({
        key: decodeKey(row['key'] as Uint8Array),
        value: row['value'] as Bytes,
      }));
    });
  }

  async write(
    operations: readonly MetaOperation[],
    options: { readonly durable?: boolean } = {},
  ): Promise<void> {
    this.#check();
    for (const { table } of operations) this.#table(table);
    // The caller may change its bytes once we return to it.
    const copied = operations.map((operation) =>
      operation.kind === 'put' ? { ...operation, value: operation.value.slice() } : operation,
    );
    await new Promise<void>((resolve, reject) => {
      if (this.#batches.length === 0) setImmediate(() => this.#commit());
      this.#batches.push({ operations: copied, durable: options.durable !== false, resolve, reject });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#commit();
    this.#closed = true;
    this.#database.close();
    await Promise.resolve();
  }

  /** Reads see every write asked for before them. */
  async #read<T>(read: () => T): Promise<T> {
    this.#check();
    this.#commit();
    await Promise.resolve();
    try {
      return read();
    } catch (error) {
      throw faultOfSqlite(error);
    }
  }

  #value(table: Table, key: string): Bytes | undefined {
    return table.get.get(encodeKey(key))?.['value'] as Bytes | undefined;
  }

  #commit(): void {
    const batches = this.#batches;
    if (batches.length === 0) return;
    this.#batches = [];
    const failed = new Map<Batch, unknown>();
    try {
      this.#sync(batches.some((batch) => batch.durable) ? 'FULL' : 'NORMAL');
      this.#database.exec('BEGIN IMMEDIATE');
      for (const batch of batches) {
        this.#database.exec('SAVEPOINT batch');
        try {
          this.#apply(batch.operations);
        } catch (error) {
          this.#database.exec('ROLLBACK TO batch');
          failed.set(batch, error);
        }
        this.#database.exec('RELEASE batch');
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const batch of batches) failed.set(batch, error);
    }
    for (const batch of batches) {
      if (failed.has(batch)) batch.reject(faultOfSqlite(failed.get(batch)));
      else batch.resolve();
    }
  }

  #apply(operations: readonly MetaOperation[]): void {
    for (const operation of operations) {
      const table = this.#table(operation.table);
      if (operation.kind === 'put') table.put.run(encodeKey(operation.key), operation.value);
      else table.delete.run(encodeKey(operation.key));
    }
  }

  /** In WAL mode FULL syncs at each commit; NORMAL leaves that to the next durable commit or checkpoint. */
  #sync(synchronous: 'FULL' | 'NORMAL'): void {
    if (this.#synchronous === synchronous) return;
    this.#database.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
  }

  #table(name: string): Table {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    if (!TABLE_NAME.test(name)) {
      throw new RoostError('usage', `a table name must be up to 64 of a-z A-Z 0-9 _ -, got "${name}"`);
    }
    const quoted = `"t_${name}"`;
    this.#database.exec(`CREATE TABLE IF NOT EXISTS ${quoted} (key BLOB PRIMARY KEY, value BLOB NOT NULL)`);
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    const table: Table = {
      get: prepare(`SELECT value FROM ${quoted} WHERE key = ?`),
      put: prepare(
        `INSERT INTO ${quoted} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      ),
      delete: prepare(`DELETE FROM ${quoted} WHERE key = ?`),
      scan: prepare(`SELECT key, value FROM ${quoted} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`),
    };
    this.#tables.set(name, table);
    return table;
  }

  #check(): void {
    if (this.#closed) throw new RoostError('internal', 'the meta store is closed');
  }
}
