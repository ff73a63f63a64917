import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { decodeOwnCbor, encodeCbor } from '../../core/cbor.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import { hex } from '../../core/hex.ts';
import type { DeviceId, PackId } from '../../core/ids.ts';
import { parsePackId } from '../../core/ids.ts';
import { GIB } from '../../core/limits.ts';
import type { Platform } from '../../ports/platform.ts';
import { OWNER_TABLES } from '../repository/tables.ts';
import type { PlainShard } from '../restore/pack-segments.ts';
import { scanAll } from '../store/paging.ts';
import { GATHERED_VOLUMES } from '../store/volume-names.ts';

/** Bytes kept at most, of all packs of all owners together, and the share of the free space that is taken for more of them. */
export const GATHERED_MAX_BYTES = 16 * GIB;
const FREE_SHARE = 1 / 4;
const NAME_BYTES = 8;

interface GatheredShard {
  readonly shard: number;
  readonly hash: Bytes;
  /** where its bytes begin in the pack's volume */
  readonly offset: number;
}

/** What is kept of one pack. */
interface GatheredPack {
  readonly volume: string;
  readonly shardBytes: number;
  readonly shards: readonly GatheredShard[];
}

/**
 * Shards of packs that are to be mended, fetched while their holders were there and kept until there are enough: holders that are never
 * online together would let a pack wither otherwise. They are plain to K_shard; what is in them is sealed. Of each owner apart, for a
 * delegate mends for others, too. A volume of the BlobStore for each pack, which goes with it: its row is there before it and after it, so
 * that a crash leaves none that no row knows.
 */
export class GatheredShards {
  readonly #platform: Platform;
  readonly #owner: DeviceId;
  readonly #packs = new Map<PackId, GatheredPack>();
  /** of all owners */
  #bytes = 0;

  private constructor(platform: Platform, owner: DeviceId) {
    this.#platform = platform;
    this.#owner = owner;
  }

  static async open(platform: Platform, owner: DeviceId): Promise<GatheredShards> {
    const gathered = new GatheredShards(platform, owner);
    for await (const { key, value } of scanAll(platform.meta, OWNER_TABLES.gathered)) {
      const pack = decode(value);
      gathered.#bytes += bytesOf(pack);
      const [of, packId] = key.split('/') as [string, string];
      if (of === owner) gathered.#packs.set(parsePackId(packId), pack);
    }
    return gathered;
  }

  /** Numbers of the shards that are kept of a pack. */
  of(pack: PackId): readonly number[] {
    return this.#packs.get(pack)?.shards.map(({ shard }) => shard) ?? [];
  }

  async hasRoom(bytes: number): Promise<boolean> {
    const { used, quota } = await this.#platform.blobs.space();
    return this.#bytes + bytes <= GATHERED_MAX_BYTES && bytes <= (quota - used) * FREE_SHARE;
  }

  /** The shards of a pack; one whose bytes are no longer what they were is forgotten. */
  async read(packId: PackId): Promise<readonly PlainShard[]> {
    const pack = this.#packs.get(packId);
    if (pack === undefined) return [];
    const intact: PlainShard[] = [];
    for (const kept of pack.shards) {
      const bytes = await this.#bytesOf(pack, kept);
      if (bytes !== undefined) intact.push({ shard: kept.shard, bytes });
    }
    if (intact.length < pack.shards.length) {
      const shards = pack.shards.filter(({ shard }) => intact.some((one) => one.shard === shard));
      await this.#put(packId, { ...pack, shards });
    }
    return intact;
  }

  /** Keeps further shards of a pack, durably. @throws RoostError 'full' */
  async add(packId: PackId, shards: readonly PlainShard[]): Promise<void> {
    const { blobs, crypto, random } = this.#platform;
    const [first] = shards;
    if (first === undefined) return;
    const known = this.#packs.get(packId);
    const volume = known?.volume ?? `${GATHERED_VOLUMES}${hex(random.bytes(NAME_BYTES))}`;
    const shardBytes = first.bytes.length;
    if (known === undefined) await this.#put(packId, { volume, shardBytes, shards: [] });
    const added: GatheredShard[] = [];
    for (const { shard, bytes } of shards) {
      const hash = await crypto.sha256(bytes);
      added.push({ shard, hash, offset: await blobs.append(volume, bytes) });
    }
    await blobs.flush(volume);
    await this.#put(packId, { volume, shardBytes, shards: [...(known?.shards ?? []), ...added] });
  }

  async forget(packId: PackId): Promise<void> {
    const pack = this.#packs.get(packId);
    if (pack === undefined) return;
    const { meta, blobs } = this.#platform;
    await blobs.remove(pack.volume);
    await meta.write([{ kind: 'delete', table: OWNER_TABLES.gathered, key: this.#key(packId) }]);
    this.#packs.delete(packId);
    this.#bytes -= bytesOf(pack);
  }

  /** Forgets all packs of this owner but these. */
  async forgetOthers(packs: ReadonlySet<PackId>): Promise<void> {
    for (const packId of [...this.#packs.keys()]) if (!packs.has(packId)) await this.forget(packId);
  }

  async #put(packId: PackId, pack: GatheredPack): Promise<void> {
    const row = { table: OWNER_TABLES.gathered, key: this.#key(packId), value: encode(pack) };
    await this.#platform.meta.write([{ kind: 'put', ...row }]);
    const before = this.#packs.get(packId);
    this.#bytes += bytesOf(pack) - (before ? bytesOf(before) : 0);
    this.#packs.set(packId, pack);
  }

  async #bytesOf({ volume, shardBytes }: GatheredPack, kept: GatheredShard): Promise<Bytes | undefined> {
    const { blobs, crypto } = this.#platform;
    try {
      const bytes = await blobs.read(volume, kept.offset, shardBytes);
      return equalBytes(await crypto.sha256(bytes), kept.hash) ? bytes : undefined;
    } catch (error) {
      if (faultOf(error) === 'corrupt' || faultOf(error) === 'not-found') return undefined;
      throw error;
    }
  }

  #key(packId: PackId): string {
    return `${this.#owner}/${packId}`;
  }
}

function bytesOf({ shardBytes, shards }: GatheredPack): number {
  return shardBytes * shards.length;
}

type Row = [string, number, [number, Bytes, number][]];
/** More than 255 shards take. */
const ROW_MAX_BYTES = 16_384;

function encode({ volume, shardBytes, shards }: GatheredPack): Bytes {
  const row: Row = [volume, shardBytes, shards.map(({ shard, hash, offset }) => [shard, hash, offset])];
  return encodeCbor(row);
}

function decode(value: Bytes): GatheredPack {
  try {
    const [volume, shardBytes, shards] = decodeOwnCbor(value, ROW_MAX_BYTES) as Row;
    return { volume, shardBytes, shards: shards.map(([shard, hash, offset]) => ({ shard, hash, offset })) };
  } catch (cause) {
    throw new RoostError('corrupt', 'local record of gathered shards is damaged', { cause });
  }
}
