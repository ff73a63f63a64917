import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { ChunkId, PackId } from '../../core/ids.ts';
import { MIB } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Codec } from '../../ports/codec.ts';
import type { PackRef } from '../../core/snapshot/types.ts';
import type { ChunkPlace } from '../repository/records.ts';
import type { Repository } from '../repository/repository.ts';
import type { TreeReader } from '../repository/tree-reader.ts';
import { ByteCache } from './byte-cache.ts';
import type { PackReader } from './pack-reader.ts';

const SEALED_CACHE_BYTES = 64 * MIB;
const PLAIN_CACHE_BYTES = 32 * MIB;
/** Bundles opened in one call of the codec: the one asked for and planned ones after it. */
const OPEN_TOGETHER = 8;

export interface ChunkReaderOptions {
  readonly repository: Repository;
  readonly packs: PackReader;
  readonly codec: Codec;
  readonly clock: Clock;
}

/** What could not be had is not asked for again for this long: a pack may hold thousands of files. */
const LACKING_MS = 60_000;

/** Which bundles of which packs a restore will need, so that each pack is fetched once. */
export type ReadPlan = ReadonlyMap<PackId, readonly number[]>;

interface SealedBundle {
  readonly index: number;
  readonly sealed: Bytes;
}

/** Reads chunks by id: from caches, else from the holders of their pack. */
export class ChunkReader implements TreeReader {
  readonly #options: ChunkReaderOptions;
  readonly #sealed = new ByteCache(SEALED_CACHE_BYTES);
  readonly #plain = new ByteCache(PLAIN_CACHE_BYTES);
  readonly #fetching = new Map<string, Promise<void>>();
  readonly #opening = new Map<string, Promise<Bytes>>();
  /** bundles that could not be had, why, and until when that counts */
  readonly #lacking = new Map<string, { readonly error: unknown; readonly until: number }>();

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
  }

  /** Chunks of trees: kept on this device once read, so that browsing works without a partner. */
  async chunks(ids: readonly ChunkId[], signal?: AbortSignalLike): Promise<readonly Bytes[]> {
    const { repository } = this.#options;
    const cached = await repository.cache.treeChunks(ids);
    return Promise.all(
      ids.map(async (id, i) => {
        const known = cached[i];
        if (known) return known;
        const bytes = await this.chunk(id, signal);
        await repository.cache.putTreeChunks([{ id, bytes: bytes.slice() }]);
        return bytes;
      }),
    );
  }

  /** @throws RoostError 'not-found' when the index does not know it, 'too-few' | 'corrupt' */
  async chunk(id: ChunkId, signal?: AbortSignalLike): Promise<Bytes> {
    const [place] = await this.#options.repository.chunkPlaces([id]);
    if (!place) throw new RoostError('not-found', `the index has no chunk ${id}`);
    return this.chunkAt(place, undefined, signal);
  }

  /** @returns bytes that others may have, too: they are not to be changed. @throws RoostError 'too-few' | 'corrupt' */
  async chunkAt(
    place: ChunkPlace,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<Bytes> {
    const bundle = await this.#bundle(place, plan, signal);
    return bundle.subarray(place.offset, place.offset + place.length);
  }

  /** Sealed bytes of a pack's planned bundles, ahead of their use. */
  async prefetch(packId: PackId, plan: ReadPlan, signal?: AbortSignalLike): Promise<void> {
    const first = plan.get(packId)?.[0];
    if (first !== undefined) await this.#fetch(packId, first, plan, signal);
  }

  /** Opened bundles of a pack that the journal names, by number. */
  async journalBundles(pack: PackRef, signal?: AbortSignalLike): Promise<readonly Bytes[]> {
    const all = pack.bundles.map((_, index) => index);
    const sealed = await this.#options.packs.bundles(pack, all, signal);
    return this.#options.codec.openBundles({
      packId: pack.packId,
      salt: pack.salt,
      bundles: all.map((index) => ({ index, sealed: sealed.get(index) ?? new Uint8Array(0), chunks: [] })),
    });
  }

  async #bundle(
    place: ChunkPlace,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<Bytes> {
    const key = bundleKey(place.packId, place.bundle);
    for (;;) {
      const plain = this.#plain.get(key);
      if (plain) return plain;
      const opening = this.#opening.get(key);
      if (opening === undefined) return this.#open(place, plan, signal);
      // Opened beside another one. When that failed it is tried by itself, and the fault is its own.
      const opened = await opening.catch(() => undefined);
      if (opened) return opened;
    }
  }

  /** Opens a bundle and planned ones after it that are at hand. */
  async #open(
    { packId, bundle }: ChunkPlace,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<Bytes> {
    const key = bundleKey(packId, bundle);
    const fetched = this.#sealedBundle(packId, bundle, plan, signal);
    const opened = fetched.then((sealed) => this.#openTogether(packId, { index: bundle, sealed }, plan));
    return this.#announce(key, opened);
  }

  async #sealedBundle(
    packId: PackId,
    bundle: number,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<Bytes> {
    const key = bundleKey(packId, bundle);
    if (!this.#sealed.get(key)) await this.#fetch(packId, bundle, plan, signal);
    const sealed = this.#sealed.get(key);
    const lacking = this.#lacking.get(key);
    if (!sealed && lacking) throw lacking.error;
    if (!sealed) throw new RoostError('not-found', `pack ${packId} is not in the index`);
    return sealed;
  }

  async #openTogether(packId: PackId, first: SealedBundle, plan: ReadPlan | undefined): Promise<Bytes> {
    const ahead = this.#openableAhead(packId, first.index, plan);
    const opened = this.#openBundles(packId, [first, ...ahead]);
    const openedAhead = ahead.map(async (_, i) => (await opened)[i + 1]!);
    for (const [i, { index }] of ahead.entries())
      this.#announce(bundleKey(packId, index), openedAhead[i]!).catch(() => undefined);
    try {
      return (await opened)[0]!;
    } catch (error) {
      if (ahead.length === 0) throw error;
      // One of the others may be what is damaged.
      return (await this.#openBundles(packId, [first]))[0]!;
    }
  }

  /** Planned bundles after one that are fetched and neither open nor being opened. */
  #openableAhead(packId: PackId, after: number, plan: ReadPlan | undefined): readonly SealedBundle[] {
    const ahead: SealedBundle[] = [];
    const planned = plan?.get(packId) ?? [];
    for (const index of planned.slice(planned.indexOf(after) + 1)) {
      if (ahead.length >= OPEN_TOGETHER - 1) break;
      const key = bundleKey(packId, index);
      const sealed = this.#sealed.get(key);
      if (sealed && !this.#plain.get(key) && !this.#opening.has(key)) ahead.push({ index, sealed });
    }
    return ahead;
  }

  async #openBundles(packId: PackId, bundles: readonly SealedBundle[]): Promise<readonly Bytes[]> {
    const { codec, repository } = this.#options;
    const pack = await repository.pack(packId);
    if (!pack) throw new RoostError('not-found', `pack ${packId} is not in the index`);
    const chunks = await repository.chunksOf(
      packId,
      bundles.map(({ index }) => index),
    );
    return codec.openBundles({
      packId,
      salt: pack.salt,
      bundles: bundles.map(({ index, sealed }) => ({
        index,
        // A copy, for what is cached must not be transferred.
        sealed: sealed.slice(),
        chunks: chunks.filter((chunk) => chunk.bundle === index),
      })),
    });
  }

  /** Others that ask for the bundle meanwhile wait for it, too. */
  async #announce(key: string, opened: Promise<Bytes>): Promise<Bytes> {
    this.#opening.set(key, opened);
    try {
      const bytes = await opened;
      this.#plain.set(key, bytes);
      return bytes;
    } finally {
      this.#opening.delete(key);
    }
  }

  /** Fetches a bundle, with the planned ones of its pack when none of them was fetched before. */
  async #fetch(
    packId: PackId,
    bundle: number,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const key = bundleKey(packId, bundle);
    for (;;) {
      if (this.#sealed.get(key)) return;
      const lacking = this.#lacking.get(key);
      if (lacking && lacking.until > this.#options.clock.monotonic()) throw lacking.error;
      const running = this.#fetching.get(packId);
      if (!running) break;
      await running.catch(() => undefined);
    }
    const planned = plan?.get(packId)?.filter((index) => !this.#sealed.get(bundleKey(packId, index))) ?? [];
    const wanted = planned.includes(bundle) ? planned : [bundle, ...planned];
    const fetched = this.#fetchBundles(packId, wanted, signal);
    this.#fetching.set(packId, fetched);
    try {
      await fetched;
    } finally {
      if (this.#fetching.get(packId) === fetched) this.#fetching.delete(packId);
    }
  }

  async #fetchBundles(
    packId: PackId,
    wanted: readonly number[],
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const pack = await this.#options.repository.pack(packId);
    if (!pack) throw new RoostError('not-found', `pack ${packId} is not in the index`);
    let bundles: ReadonlyMap<number, Bytes> = new Map();
    let error: unknown = new RoostError('too-few', `too few pieces of pack ${packId} can be read`);
    try {
      bundles = await this.#options.packs.bundles(pack, wanted, signal);
    } catch (failure) {
      if (faultOf(failure) === 'aborted') throw failure;
      error = failure;
    }
    const until = this.#options.clock.monotonic() + LACKING_MS;
    for (const index of wanted) {
      const key = bundleKey(packId, index);
      const bytes = bundles.get(index);
      if (bytes) this.#sealed.set(key, bytes);
      else this.#lacking.set(key, { error, until });
    }
  }
}

function bundleKey(packId: PackId, bundle: number): string {
  return `${packId}/${bundle}`;
}
