import type { ChunkId, PackId } from '../../core/ids.ts';
import { parsePackId } from '../../core/ids.ts';
import type { IndexedChunk } from '../../core/snapshot/types.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { scanAll } from '../store/paging.ts';
import { ChunkIndex } from './chunk-index.ts';
import { decodeChunks, encodeChunks } from './chunk-rows.ts';
import { OWNER_TABLES } from './tables.ts';

/** Packs read in one call when the index is loaded: a few hundred KiB each. */
const LOAD_BATCH = 16;

/** Chunks lie in a pack from now on, wherever they lay before; or none does any more. */
export type PlaceChange =
  | { readonly kind: 'put-chunks'; readonly pack: PackId; readonly chunks: readonly IndexedChunk[] }
  | { readonly kind: 'drop-chunks'; readonly pack: PackId };

/** Where each chunk lies: in the database a row a pack, in memory an index that is loaded when it is first asked for. */
export class ChunkPlaces {
  readonly #meta: MetaStore;
  /** changes are made one after another: each rewrites rows that it has read */
  readonly #changing = new Limiter(1);
  #loading: Promise<ChunkIndex> | undefined;
  #drops = 0;

  constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  /** Times that chunks of a pack were dropped since the start. */
  get drops(): number {
    return this.#drops;
  }

  /** The index in memory; changes of others show in it as soon as they are durable. */
  index(): Promise<ChunkIndex> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /**
   * Chunks that lie in a pack, in the order they were put.
   * @param bundles only those of these bundles, when given
   */
  async of(pack: PackId, bundles?: readonly number[]): Promise<readonly IndexedChunk[]> {
    const row = await this.#meta.get(OWNER_TABLES.chunks, pack);
    return row ? decodeChunks(row, bundles) : [];
  }

  /** Writes changes together with other operations, all or nothing. */
  async write(changes: readonly PlaceChange[], more: readonly MetaOperation[]): Promise<void> {
    await this.#changing.run(async () => {
      const index = await this.index();
      const draft = new Draft(this.#meta, index);
      for (const change of changes) await draft.add(change);
      await this.#meta.write([...draft.operations(), ...more]);
      draft.commit();
      this.#drops += changes.filter(({ kind }) => kind === 'drop-chunks').length;
    });
  }

  async #load(): Promise<ChunkIndex> {
    const index = new ChunkIndex();
    for await (const { key, value } of scanAll(this.#meta, OWNER_TABLES.chunks, { limit: LOAD_BATCH }))
      index.load(parsePackId(key), value);
    return index;
  }
}

type PackChunks = Map<ChunkId, IndexedChunk>;

/** Changes worked out: the rows they rewrite, and what the index learns once these are written. */
class Draft {
  readonly #meta: MetaStore;
  readonly #index: ChunkIndex;
  readonly #rows = new Map<PackId, PackChunks>();
  /** where chunks lie after the changes; undefined for those that lie nowhere */
  readonly #packs = new Map<ChunkId, PackId | undefined>();

  constructor(meta: MetaStore, index: ChunkIndex) {
    this.#meta = meta;
    this.#index = index;
  }

  async add(change: PlaceChange): Promise<void> {
    const { pack } = change;
    const row = await this.#row(pack);
    if (change.kind === 'drop-chunks') {
      for (const id of row.keys()) this.#packs.set(id, undefined);
      row.clear();
      return;
    }
    for (const chunk of change.chunks) {
      const { id } = chunk;
      const former = this.#packs.has(id) ? this.#packs.get(id) : this.#index.get(id)?.packId;
      if (former !== undefined && former !== pack) (await this.#row(former)).delete(id);
      row.set(id, chunk);
      this.#packs.set(id, pack);
    }
  }

  operations(): MetaOperation[] {
    const table = OWNER_TABLES.chunks;
    return [...this.#rows].map(([key, chunks]) =>
      chunks.size === 0
        ? { kind: 'delete', table, key }
        : { kind: 'put', table, key, value: encodeChunks([...chunks.values()]) },
    );
  }

  commit(): void {
    for (const [id, packId] of this.#packs) {
      const chunk = packId && this.#rows.get(packId)?.get(id);
      if (!packId || !chunk) this.#index.delete(id);
      else {
        const { bundle, offset, length } = chunk;
        this.#index.set(id, { packId, bundle, offset, length });
      }
    }
  }

  async #row(pack: PackId): Promise<PackChunks> {
    let row = this.#rows.get(pack);
    if (row === undefined) {
      const bytes = await this.#meta.get(OWNER_TABLES.chunks, pack);
      row = new Map(bytes ? decodeChunks(bytes).map((chunk) => [chunk.id, chunk]) : []);
      this.#rows.set(pack, row);
    }
    return row;
  }
}
