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
    const cached = await repository.treeChunks(ids);
    return Promise.all(
      ids.map(async (id, i) => {
        const known = cached[i];
        if (known) return known;
        const bytes = await this.chunk(id, undefined, signal);
        await repository.putTreeChunks([{ id, bytes: bytes.slice() }]);
        return bytes;
      }),
    );
  }

  /** @throws RoostError 'not-found' when the index does not know it, 'too-few' | 'corrupt' */
  async chunk(id: ChunkId, plan?: ReadPlan, signal?: AbortSignalLike): Promise<Bytes> {
    const [place] = await this.#options.repository.chunkPlaces([id]);
    if (!place) throw new RoostError('not-found', `the index has no chunk ${id}`);
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
    const plain = this.#plain.get(key);
    if (plain) return plain;
    const opening = this.#opening.get(key);
    if (opening) return opening;
    const opened = this.#open(place, plan, signal).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opened);
    return opened;
  }

  async #open(
    place: ChunkPlace,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<Bytes> {
    const { codec, repository } = this.#options;
    const { packId, bundle } = place;
    let sealed = this.#sealed.get(bundleKey(packId, bundle));
    if (!sealed) {
      await this.#fetch(packId, bundle, plan, signal);
      sealed = this.#sealed.get(bundleKey(packId, bundle));
    }
    const lacking = this.#lacking.get(bundleKey(packId, bundle));
    if (!sealed && lacking) throw lacking.error;
    const pack = await repository.pack(packId);
    if (!pack || !sealed) throw new RoostError('not-found', `pack ${packId} is not in the index`);
    const together = [{ index: bundle, sealed: sealed.slice() }];
    const planned = plan?.get(packId) ?? [];
    for (const index of planned.slice(planned.indexOf(bundle) + 1)) {
      if (together.length >= OPEN_TOGETHER) break;
      const ahead = this.#sealed.get(bundleKey(packId, index));
      if (ahead && !this.#plain.get(bundleKey(packId, index)))
        together.push({ index, sealed: ahead.slice() });
    }
    const chunks = await repository.chunksOf(
      packId,
      together.map(({ index }) => index),
    );
    const opened = await codec.openBundles({
      packId,
      salt: pack.salt,
      bundles: together.map(({ index, sealed: bytes }) => ({
        index,
        sealed: bytes,
        chunks: chunks.filter((chunk) => chunk.bundle === index),
      })),
    });
    together.forEach(({ index }, i) => {
      const bytes = opened[i];
      if (bytes) this.#plain.set(bundleKey(packId, index), bytes);
    });
    const result = opened[0];
    if (!result) throw new RoostError('internal', 'the codec gave no bundle back');
    return result;
  }

  /** Fetches a bundle, with the planned ones of its pack when none of them was fetched before. */
  async #fetch(
    packId: PackId,
    bundle: number,
    plan: ReadPlan | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const running = this.#fetching.get(packId);
    if (running) await running.catch(() => undefined);
    if (this.#sealed.get(bundleKey(packId, bundle))) return;
    const pack = await this.#options.repository.pack(packId);
    if (!pack) throw new RoostError('not-found', `pack ${packId} is not in the index`);
    const lacking = this.#lacking.get(bundleKey(packId, bundle));
    if (lacking && lacking.until > this.#options.clock.monotonic()) throw lacking.error;
    const planned = plan?.get(packId)?.filter((index) => !this.#sealed.get(bundleKey(packId, index))) ?? [];
    const wanted = planned.includes(bundle) ? planned : [bundle, ...planned];
    const fetched = this.#fetchBundles(pack, wanted, signal);
    this.#fetching.set(packId, fetched);
    try {
      await fetched;
    } finally {
      if (this.#fetching.get(packId) === fetched) this.#fetching.delete(packId);
    }
  }

  async #fetchBundles(
    pack: PackRef,
    wanted: readonly number[],
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    let bundles: ReadonlyMap<number, Bytes> = new Map();
    let error: unknown = new RoostError('too-few', `too few pieces of pack ${pack.packId} can be read`);
    try {
      bundles = await this.#options.packs.bundles(pack, wanted, signal);
    } catch (failure) {
      if (faultOf(failure) === 'aborted') throw failure;
      error = failure;
    }
    const until = this.#options.clock.monotonic() + LACKING_MS;
    for (const index of wanted) {
      const key = bundleKey(pack.packId, index);
      const bytes = bundles.get(index);
      if (bytes) this.#sealed.set(key, bytes);
      else this.#lacking.set(key, { error, until });
    }
  }
}

function bundleKey(packId: PackId, bundle: number): string {
  return `${packId}/${bundle}`;
}
