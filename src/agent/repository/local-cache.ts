import type { Bytes } from '../../core/bytes.ts';
import type { ChunkId } from '../../core/ids.ts';
import { parseChunkId } from '../../core/ids.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { scanAll, scanPages, writeInBatches } from '../store/paging.ts';
import type { FileRecord } from './records.ts';
import { decodeFileRecord, encodeFileRecord } from './records.ts';
import { OWNER_TABLES } from './tables.ts';

/** Files that are encoded in one go: of a pack of small ones there are thousands, which would keep the thread for long. */
const FILES_AT_ONCE = 256;

/**
 * What this device remembers only so that it need not be read or fetched again: files as they were last saved, and chunks of trees.
 * No write waits until it is durable.
 */
export class LocalCache {
  readonly #meta: MetaStore;

  constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  /** What is remembered of the files of one folder (key prefix), many at a time. */
  async *files(
    folder: string,
  ): AsyncGenerator<readonly { readonly key: string; readonly record: FileRecord }[]> {
    for await (const rows of scanPages(this.#meta, OWNER_TABLES.files, { prefix: folder }))
      yield rows.map(({ key, value }) => ({ key, record: decodeFileRecord(value) }));
  }

  /** What is remembered of single files, by their keys. */
  async filesAt(keys: readonly string[]): Promise<readonly (FileRecord | undefined)[]> {
    const values = await this.#meta.getMany(OWNER_TABLES.files, keys);
    return values.map((value) => value && decodeFileRecord(value));
  }

  /** The scan's memory may be lost without harm: files are read again. */
  async putFiles(files: readonly { readonly key: string; readonly record: FileRecord }[]): Promise<void> {
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      await this.#write(
        files.slice(at, at + FILES_AT_ONCE).map(({ key, record }) => ({
          kind: 'put',
          table: OWNER_TABLES.files,
          key,
          value: encodeFileRecord(record),
        })),
      );
    }
  }

  async forgetFiles(keys: readonly string[]): Promise<void> {
    await this.#write(keys.map((key) => ({ kind: 'delete', table: OWNER_TABLES.files, key })));
  }

  async treeChunks(ids: readonly ChunkId[]): Promise<readonly (Bytes | undefined)[]> {
    return this.#meta.getMany(OWNER_TABLES.trees, ids);
  }

  async putTreeChunks(chunks: readonly { readonly id: ChunkId; readonly bytes: Bytes }[]): Promise<void> {
    await this.#write(
      chunks.map(({ id, bytes }) => ({ kind: 'put', table: OWNER_TABLES.trees, key: id, value: bytes })),
    );
  }

  async keepTreeChunks(live: ReadonlySet<ChunkId>): Promise<void> {
    const gone: MetaOperation[] = [];
    for await (const row of scanAll(this.#meta, OWNER_TABLES.trees)) {
      if (!live.has(parseChunkId(row.key)))
        gone.push({ kind: 'delete', table: OWNER_TABLES.trees, key: row.key });
    }
    await this.#write(gone);
  }

  async #write(operations: readonly MetaOperation[]): Promise<void> {
    await writeInBatches(this.#meta, operations, { durable: false });
  }
}
