import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Bytes } from '../src/core/bytes.ts';
import { toBytes } from '../src/core/bytes.ts';
import { BUCKETS } from './engine.ts';
import type { Bucket, Engine, Keep, Range, Row, Stored } from './engine.ts';

const SWEEP_INTERVAL_MS = 60_000;
const SCHEMA_VERSION = 1;

const TABLE = `(
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  revision INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (bucket, key)
) WITHOUT ROWID`;

/** Expiry of rows that are kept for good. */
const NEVER = Number.MAX_SAFE_INTEGER;

/**
 * The engine of a single process: topics in memory, buckets in one SQLite file (`broker.sqlite` in the data folder), those that
 * are not durable in an attached database in memory.
 *
 * @param dataDir folder, made when missing, or ':memory:'
 * @throws Error when the file was written by a newer version, or cannot be opened
 */
export function openEmbeddedEngine(dataDir: string, now: () => number): Engine {
  const memory = dataDir === ':memory:';
  if (!memory) makeFolder(dataDir);
  const db = new DatabaseSync(memory ? ':memory:' : join(dataDir, 'broker.sqlite'));
  prepare(db);

  const statements = {
    durable: tableStatements(db, 'main.kv'),
    volatile: tableStatements(db, 'live.kv'),
  };
  const of = (bucket: Bucket): Statements =>
    BUCKETS[bucket].durable ? statements.durable : statements.volatile;

  const topics = new Map<string, Set<(message: Bytes) => void>>();
  let open = true;

  const sweep = setInterval(() => {
    statements.durable.sweep.run(now());
    statements.volatile.sweep.run(now());
  }, SWEEP_INTERVAL_MS);
  sweep.unref();

  return {
    get: async (bucket, key) => stored(of(bucket).get.get(bucket, key, now())),

    put: async (bucket, key, value, keep) => {
      of(bucket).put.run(bucket, key, value, expiry(keep));
    },

    compareAndSwap: async (bucket, key, revision, value, keep) => {
      const table = of(bucket);
      if (revision !== 0)
        return Number(table.swap.run(value, expiry(keep), bucket, key, revision, now()).changes) === 1;
      table.drop.run(bucket, key, now());
      return Number(table.create.run(bucket, key, value, expiry(keep)).changes) === 1;
    },

    remove: async (bucket, key) => {
      of(bucket).remove.run(bucket, key);
    },

    list: async (bucket, range: Range) => {
      const after = range.after ?? '';
      const rows = of(bucket).list.all(
        bucket,
        range.prefix,
        afterPrefix(range.prefix),
        after,
        now(),
        range.limit,
      );
      return rows.map((row): Row => ({ key: String(row['key']), ...stored(row)! }));
    },

    publish(topic, message) {
      // A copy of the list, because a handler may end its own subscription.
      for (const handler of [...(topics.get(topic) ?? [])]) handler(message);
    },

    subscribe(topic, handler) {
      const handlers = topics.get(topic) ?? new Set();
      topics.set(topic, handlers);
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
        if (handlers.size === 0 && topics.get(topic) === handlers) topics.delete(topic);
      };
    },

    healthy: () => open,

    close: async () => {
      if (!open) return;
      open = false;
      clearInterval(sweep);
      topics.clear();
      db.close();
    },
  };
}

function prepare(db: DatabaseSync): void {
  // A listing lost in a power cut is announced again; roster entries are kept by every member. NORMAL is enough.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > SCHEMA_VERSION) {
    db.close();
    throw new Error(`broker.sqlite must have version ${SCHEMA_VERSION} or lower, got ${version}`);
  }
  db.exec(`CREATE TABLE IF NOT EXISTS kv ${TABLE};
    CREATE INDEX IF NOT EXISTS kv_expiry ON kv (expires_at);
    PRAGMA user_version = ${SCHEMA_VERSION};
    ATTACH DATABASE ':memory:' AS live;
    CREATE TABLE live.kv ${TABLE};
    CREATE INDEX live.kv_expiry ON kv (expires_at);`);
}

type Statements = ReturnType<typeof tableStatements>;

function tableStatements(db: DatabaseSync, table: string) {
  return {
    get: db.prepare(`SELECT value, revision FROM ${table} WHERE bucket = ? AND key = ? AND expires_at > ?`),
    put: db.prepare(`INSERT INTO ${table} (bucket, key, value, revision, expires_at) VALUES (?, ?, ?, 1, ?)
      ON CONFLICT (bucket, key) DO UPDATE
      SET value = excluded.value, revision = revision + 1, expires_at = excluded.expires_at`),
    create: db.prepare(`INSERT INTO ${table} (bucket, key, value, revision, expires_at) VALUES (?, ?, ?, 1, ?)
      ON CONFLICT (bucket, key) DO NOTHING`),
    drop: db.prepare(`DELETE FROM ${table} WHERE bucket = ? AND key = ? AND expires_at <= ?`),
    swap: db.prepare(`UPDATE ${table} SET value = ?, revision = revision + 1, expires_at = ?
      WHERE bucket = ? AND key = ? AND revision = ? AND expires_at > ?`),
    remove: db.prepare(`DELETE FROM ${table} WHERE bucket = ? AND key = ?`),
    list: db.prepare(`SELECT key, value, revision FROM ${table}
      WHERE bucket = ? AND key >= ? AND key < ? AND key > ? AND expires_at > ? ORDER BY key LIMIT ?`),
    sweep: db.prepare(`DELETE FROM ${table} WHERE expires_at <= ?`),
  };
}

function expiry(keep: Keep | undefined): number {
  return keep?.expiresAt === undefined ? NEVER : Math.floor(keep.expiresAt);
}

/** The least key that no longer begins with the prefix; keys are ASCII, so U+FFFF sorts after all of them. */
function afterPrefix(prefix: string): string {
  return `${prefix}\uffff`;
}

function stored(row: Record<string, unknown> | undefined): Stored | undefined {
  if (row === undefined) return undefined;
  const value = row['value'];
  if (!(value instanceof Uint8Array)) throw new Error('broker.sqlite: value must be a blob');
  return { value: toBytes(value), revision: Number(row['revision']) };
}

/** With those above it. Not by `recursive`, which never ends where nothing can be made, as below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
