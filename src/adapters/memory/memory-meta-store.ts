import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { MetaOperation, MetaRow, MetaStore, ScanRange } from '../../ports/meta-store.ts';
import type { Life } from './life.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { MemoryTable } from './memory-table.ts';

const TABLE_NAME = /^[a-z][A-Za-z0-9_-]{0,63}$/;
const SCAN_MAX_ROWS = 10_000;

/** Rows on a simulated disk. */
export class MemoryMetaStore implements MetaStore {
  readonly #disk: MemoryDisk;
  readonly #life: Life;

  constructor(disk: MemoryDisk, life: Life) {
    this.#disk = disk;
    this.#life = life;
  }

  get(table: string, key: string): Promise<Bytes | undefined> {
    return this.#operate(() => this.#table(table).get(key));
  }

  getMany(table: string, keys: readonly string[]): Promise<readonly (Bytes | undefined)[]> {
    return this.#operate(() => {
      const found = this.#table(table);
      return keys.map((key) => found.get(key));
    });
  }

  scan(table: string, range: ScanRange): Promise<readonly MetaRow[]> {
    return this.#operate(() => {
      if (!Number.isInteger(range.limit) || range.limit < 1 || range.limit > SCAN_MAX_ROWS) {
        throw new RoostError('usage', `"limit" must be 1 to ${SCAN_MAX_ROWS}, got ${range.limit}`);
      }
      return this.#table(table).scan(range);
    });
  }

  write(operations: readonly MetaOperation[], options: { readonly durable?: boolean } = {}): Promise<void> {
    return this.#operate(() => {
      let grown = 0;
      for (const operation of operations) {
        this.#table(operation.table);
        if (operation.kind === 'put') grown += operation.key.length + operation.value.length;
      }
      if (this.#disk.used + grown > this.#disk.capacity) {
        throw new RoostError('full', `the simulated disk is full: ${grown} bytes of rows do not fit`);
      }
      const former: { table: MemoryTable; key: string; value: Bytes | undefined }[] = [];
      for (const operation of operations) {
        const table = this.#table(operation.table);
        const { key } = operation;
        const value = operation.kind === 'put' ? operation.value.slice() : undefined;
        former.push({ table, key, value: this.#set(table, key, value) });
      }
      this.#disk.noteBatch(options.durable !== false, () => {
        for (const { table, key, value } of former.reverse()) this.#set(table, key, value);
      });
    });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #set(table: MemoryTable, key: string, value: Bytes | undefined): Bytes | undefined {
    const former = value === undefined ? table.delete(key) : table.put(key, value);
    if (former !== undefined) this.#disk.rowBytes -= key.length + former.length;
    if (value !== undefined) this.#disk.rowBytes += key.length + value.length;
    return former;
  }

  #table(name: string): MemoryTable {
    if (!TABLE_NAME.test(name)) {
      throw new RoostError('usage', `a table name must be up to 64 of a-z A-Z 0-9 _ -, got "${name}"`);
    }
    let table = this.#disk.tables.get(name);
    if (table === undefined) {
      table = new MemoryTable();
      this.#disk.tables.set(name, table);
    }
    return table;
  }

  async #operate<T>(apply: () => T): Promise<T> {
    this.#life.check();
    const result = await this.#disk.operate(apply);
    this.#life.check();
    return result;
  }
}
