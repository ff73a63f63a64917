import type { Bytes } from '../../core/bytes.ts';
import { concatBytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { SEGMENT_BYTES } from '../../core/limits.ts';
import { PACK_HEADER_BYTES } from '../../core/snapshot/pack.ts';
import type { PackRef } from '../../core/snapshot/types.ts';
import type { PackFacts } from '../repository/records.ts';

/** One whole shard of a pack, plain. */
export interface PlainShard {
  readonly shard: number;
  readonly bytes: Bytes;
}

/** Bytes of a plain pack. */
export interface PackRange {
  readonly start: number;
  readonly length: number;
}

/** A segment by its place. */
export interface SegmentName {
  readonly shard: number;
  readonly segment: number;
}

/** What was read of one pack so far: plain segments of its shards. */
export class PackSegments {
  readonly #pack: PackFacts;
  readonly #shards = new Map<number, Map<number, Bytes>>();

  constructor(pack: PackFacts) {
    this.#pack = pack;
  }

  /** segments of each shard */
  get perShard(): number {
    return Math.ceil(this.#pack.shardBytes / SEGMENT_BYTES);
  }

  /** Plain bytes of one segment of any shard; the last one is shorter. */
  lengthOf(segment: number): number {
    return Math.min(SEGMENT_BYTES, this.#pack.shardBytes - segment * SEGMENT_BYTES);
  }

  put(shard: number, segment: number, bytes: Bytes): void {
    const segments = this.#shards.get(shard) ?? new Map<number, Bytes>();
    this.#shards.set(shard, segments);
    segments.set(segment, bytes);
  }

  /** Puts a whole shard there, as `whole` gives it. */
  putWhole({ shard, bytes }: PlainShard): void {
    for (let segment = 0; segment < this.perShard; segment++) {
      const start = segment * SEGMENT_BYTES;
      this.put(shard, segment, bytes.subarray(start, start + this.lengthOf(segment)));
    }
  }

  has({ shard, segment }: SegmentName): boolean {
    return this.#shards.get(shard)?.has(segment) === true;
  }

  /** Shards of which all these segments were read. */
  shardsWith(segments: readonly number[]): number[] {
    return [...this.#shards]
      .filter(([, got]) => segments.every((one) => got.has(one)))
      .map(([shard]) => shard);
  }

  wholeShards(): number[] {
    return [...this.#shards].filter(([, got]) => got.size === this.perShard).map(([shard]) => shard);
  }

  /** Segments of a shard one after another. @throws RoostError 'internal' when one was not read */
  join(shard: number, segments: readonly number[]): Bytes {
    return concatBytes(...segments.map((segment) => this.#get(shard, segment)));
  }

  /** @throws RoostError 'internal' when it was not read whole */
  whole(shard: number): PlainShard {
    const segments = Array.from({ length: this.perShard }, (_, segment) => segment);
    return { shard, bytes: this.join(shard, segments) };
  }

  /** The segments that a range of the pack lies in. */
  *namesIn({ start, length }: PackRange): Generator<SegmentName, undefined> {
    for (const { shard, segment } of this.#partsOf(start, length)) yield { shard, segment };
  }

  /** Whether all of a range was read. */
  covers(range: PackRange): boolean {
    return [...this.namesIn(range)].every((name) => this.has(name));
  }

  /** A copy of a range. @throws RoostError 'internal' when some of it was not read */
  slice({ start, length }: PackRange): Bytes {
    const out = new Uint8Array(length);
    let at = 0;
    for (const { shard, segment, from, to } of this.#partsOf(start, length)) {
      out.set(this.#get(shard, segment).subarray(from, to), at);
      at += to - from;
    }
    return out;
  }

  #get(shard: number, segment: number): Bytes {
    const bytes = this.#shards.get(shard)?.get(segment);
    if (!bytes)
      throw new RoostError('internal', `segment ${segment} of shard ${shard} should have been read`);
    return bytes;
  }

  /** A range, segment by segment. */
  *#partsOf(
    start: number,
    length: number,
  ): Generator<SegmentName & { readonly from: number; readonly to: number }, undefined> {
    const { shardBytes } = this.#pack;
    for (let at = start; at < start + length;) {
      const shard = Math.floor(at / shardBytes);
      const inShard = at % shardBytes;
      const segment = Math.floor(inShard / SEGMENT_BYTES);
      const from = inShard - segment * SEGMENT_BYTES;
      const to = Math.min(this.lengthOf(segment), from + (start + length - at));
      yield { shard, segment, from, to };
      at += to - from;
    }
  }
}

/** Where a sealed bundle lies in the plain pack. @throws RoostError 'corrupt' when the pack has no such bundle */
export function bundleRange(pack: PackRef, index: number): PackRange {
  const length = pack.bundles[index];
  if (length === undefined) {
    throw new RoostError(
      'corrupt',
      `pack ${pack.packId} has ${pack.bundles.length} bundles, number ${index} is named`,
    );
  }
  let start = PACK_HEADER_BYTES;
  for (let i = 0; i < index; i++) start += pack.bundles[i] ?? 0;
  return { start, length };
}
