import type { Bytes } from '../../core/bytes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import type { ChunkId } from '../../core/ids.ts';
import { packIdFromBytes } from '../../core/ids.ts';
import {
  BUNDLE_MAX_BYTES,
  BUNDLE_TARGET_BYTES,
  MIB,
  PACK_MAX_BUNDLES,
  PACK_MAX_CHUNKS,
  PACK_TARGET_BYTES,
} from '../../core/limits.ts';
import type { IndexedChunk } from '../../core/snapshot/types.ts';
import type { Codec, PackKey, PackKind } from '../../ports/codec.ts';
import type { Random } from '../../ports/random.ts';
import { Limiter } from '../../core/limiter.ts';
import { BufferPool } from './buffer-pool.ts';

/** Plain bytes of the bundles that go to a codec worker in one call. */
const BATCH_BYTES = 2 * MIB;
/** A batch is filled until it has so many, and takes one more bundle then. */
const BATCH_ROOM_BYTES = BATCH_BYTES + BUNDLE_MAX_BYTES;
/** Buffers kept while no batch uses them: one is filled while two are at the codec. */
const BUFFERS_KEPT = 3;
/** Room that a batch begins with: most runs save little. After a full one the next has all of it at once, and so has any while a buffer is spare. */
const SMALL_BATCH_BYTES = MIB / 16;
/** Packs being coded and sent at once: one on the wire while the next is made ready. */
const PACKS_UNDER_WAY = 2;

/** A pack whose bundles are sealed, ready to be coded and placed. */
export interface SealedPack extends PackKey {
  readonly kind: PackKind;
  readonly code: Code;
  readonly parts: readonly Bytes[];
  readonly lengths: readonly number[];
  readonly chunks: readonly IndexedChunk[];
  /** 1, 2, 3 … of this writer */
  readonly number: number;
}

export interface PackWriterOptions {
  readonly kind: PackKind;
  readonly code: Code;
  readonly codec: Codec;
  readonly random: Random;
  /** Codes, places and commits a pack; it counts only when this resolves. */
  readonly place: (pack: SealedPack) => Promise<void>;
}

interface OpenPack extends PackKey {
  readonly number: number;
  readonly chunks: IndexedChunk[];
  readonly parts: Bytes[];
  readonly lengths: number[];
  bundles: number;
  sealedBytes: number;
  /** plain bytes at the codec now */
  sealing: number;
  pending: Promise<void>;
}

interface Batch {
  buffer: Bytes;
  used: number;
  readonly bundles: { start: number; length: number }[];
  open: { start: number; length: number } | undefined;
}

/**
 * Joins chunks to bundles and bundles to packs, in the order they come. `add` waits while too much is under way, so that the
 * slowest stage (mostly the network) sets the pace and memory stays bounded.
 */
export class PackWriter {
  readonly #options: PackWriterOptions;
  readonly #placing = new Limiter(PACKS_UNDER_WAY);
  readonly #placements: Promise<void>[] = [];
  #failure: { readonly cause: unknown } | undefined;
  #pack: OpenPack | undefined;
  readonly #buffers = new BufferPool(BATCH_ROOM_BYTES, BUFFERS_KEPT);
  #batch: Batch = newBatch(new Uint8Array(0));
  #packs = 0;

  constructor(options: PackWriterOptions) {
    this.#options = options;
  }

  /** Takes a chunk (its bytes are copied). Resolves with the number of the pack that will hold it. */
  async add(id: ChunkId, bytes: Uint8Array): Promise<number> {
    this.#throwFailure();
    let pack = await this.#roomyPack();
    const open = this.#batch.open;
    if (open && (open.length >= BUNDLE_TARGET_BYTES || open.length + bytes.length > BUNDLE_MAX_BYTES)) {
      await this.#closeBundle();
      pack = await this.#roomyPack();
    }
    const { bundle, offset } = this.#append(pack, bytes);
    pack.chunks.push({ id, bundle, offset, length: bytes.length });
    return pack.number;
  }

  /** Takes a record as a bundle of its own, found by its place in the journal instead of a chunk id. */
  async addBundle(bytes: Uint8Array): Promise<void> {
    this.#throwFailure();
    await this.#closeBundle();
    this.#append(await this.#roomyPack(), bytes);
    await this.#closeBundle();
  }

  /** Ends the last pack and resolves when all are placed. */
  async finish(): Promise<void> {
    await this.#closeBundle();
    await this.#sealBatch();
    await this.#closePack();
    await this.settle();
    this.#throwFailure();
  }

  /** Resolves when nothing is under way any more, failed or not. */
  async settle(): Promise<void> {
    await this.#pack?.pending.catch(() => undefined);
    await Promise.all(this.#placements);
  }

  #append(pack: OpenPack, bytes: Uint8Array): { bundle: number; offset: number } {
    const batch = this.#batch;
    batch.open ??= { start: batch.used, length: 0 };
    const offset = batch.open.length;
    if (batch.used + bytes.length > batch.buffer.length)
      batch.buffer = grown(batch.buffer, batch.used + bytes.length);
    batch.buffer.set(bytes, batch.used);
    batch.used += bytes.length;
    batch.open.length += bytes.length;
    return { bundle: pack.bundles + batch.bundles.length, offset };
  }

  async #closeBundle(): Promise<void> {
    const batch = this.#batch;
    if (!batch.open) return;
    batch.bundles.push(batch.open);
    batch.open = undefined;
    if (batch.used >= BATCH_BYTES) await this.#sealBatch();
  }

  /** The pack that takes the next chunk: a new one when the present one may be full. */
  async #roomyPack(): Promise<OpenPack> {
    let pack = this.#pack;
    if (pack && this.#mayBeFull(pack)) {
      await this.#closeBundle();
      await this.#sealBatch();
      await pack.pending;
      if (this.#mayBeFull(pack)) await this.#closePack();
      pack = this.#pack;
    }
    if (!pack) {
      await this.#placing.ready();
      this.#throwFailure();
      pack = this.#pack = {
        packId: packIdFromBytes(this.#options.random.bytes(16)),
        salt: this.#options.random.bytes(32),
        number: ++this.#packs,
        chunks: [],
        parts: [],
        lengths: [],
        bundles: 0,
        sealedBytes: 0,
        sealing: 0,
        pending: Promise.resolve(),
      };
    }
    return pack;
  }

  #mayBeFull(pack: OpenPack): boolean {
    return (
      pack.sealedBytes + pack.sealing + this.#batch.used + BUNDLE_MAX_BYTES > PACK_TARGET_BYTES ||
      pack.chunks.length >= PACK_MAX_CHUNKS ||
      pack.bundles + this.#batch.bundles.length >= PACK_MAX_BUNDLES - 1
    );
  }

  async #sealBatch(): Promise<void> {
    const pack = this.#pack;
    const batch = this.#batch;
    if (!pack || batch.bundles.length === 0) return;
    this.#batch = newBatch(this.#buffers.take(batch.used >= BATCH_BYTES ? BATCH_ROOM_BYTES : 0));
    const former = pack.pending;
    const request = {
      packId: pack.packId,
      salt: pack.salt,
      firstIndex: pack.bundles,
      codec: 'auto' as const,
      bundles: batch.bundles,
      buffer: batch.buffer,
    };
    pack.bundles += batch.bundles.length;
    pack.sealing += batch.used;
    const plain = batch.used;
    const sealing = this.#options.codec.sealBundles(request);
    pack.pending = Promise.all([former, sealing]).then(([, { sealed, buffer }]) => {
      this.#buffers.give(buffer);
      pack.sealing -= plain;
      for (const bundle of sealed) {
        pack.parts.push(bundle);
        pack.lengths.push(bundle.length);
        pack.sealedBytes += bundle.length;
      }
    });
    pack.pending.catch((cause: unknown) => {
      this.#failure ??= { cause };
    });
    // At most one batch waits at the codec while the next is filled.
    await former;
  }

  async #closePack(): Promise<void> {
    const pack = this.#pack;
    if (!pack) return;
    this.#pack = undefined;
    await pack.pending;
    if (pack.lengths.length === 0) return;
    const { packId, salt, parts, lengths, chunks, number } = pack;
    const { kind, code, place } = this.#options;
    this.#placements.push(
      this.#placing
        .run(() => place({ packId, salt, kind, code, parts, lengths, chunks, number }))
        .catch((cause: unknown) => {
          this.#failure ??= { cause };
        }),
    );
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.cause;
  }
}

function newBatch(buffer: Bytes): Batch {
  return { buffer, used: 0, bundles: [], open: undefined };
}

function grown(buffer: Bytes, needed: number): Bytes {
  const room = Math.min(Math.max(2 * buffer.length, SMALL_BATCH_BYTES), BATCH_ROOM_BYTES);
  const larger = new Uint8Array(Math.max(needed, room));
  larger.set(buffer);
  return larger;
}
