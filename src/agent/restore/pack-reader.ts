import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { PackRef } from '../../core/snapshot/types.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Codec } from '../../ports/codec.ts';
import { abortable, throwIfAborted } from '../cancellation.ts';
import type { Cooperation } from '../network/types.ts';
import type { PackFacts, Placement } from '../repository/records.ts';
import type { Repository } from '../repository/repository.ts';
import type { PlainShard, SegmentName } from './pack-segments.ts';
import { PackSegments, bundleRange } from './pack-segments.ts';

/** A holder slower than this for its size is passed over for others that can help. */
const HEDGE_BASE_MS = 2_000;
const HEDGE_MS_PER_SEGMENT = 100;

/** A holder that could not be reached is not dialled again for this long: each try takes seconds. */
const UNREACHABLE_MS = 60_000;

export interface PackReaderOptions {
  readonly owner: AccountId;
  readonly cooperation: Cooperation;
  readonly repository: Repository;
  readonly codec: Codec;
  readonly clock: Clock;
  /** told when a holder's segments did not verify, or it knows that they are bad */
  readonly onCorrupt: (device: DeviceId, segments: number) => void;
  readonly onReceived: (bytes: number) => void;
}

/**
 * Reads sealed bundles out of packs. A bundle's bytes lie in data shards, so their holders are asked first; what they cannot
 * give in time, or gave wrong, is remade from the same segments of any `m` shards.
 */
export class PackReader {
  readonly #options: PackReaderOptions;
  /** holders that did not answer, and when they may be tried again */
  readonly #silent = new Map<DeviceId, number>();
  /** milliseconds a segment took, last time */
  readonly #pace = new Map<DeviceId, number>();

  constructor(options: PackReaderOptions) {
    this.#options = options;
  }

  /**
   * The wanted bundles that can be had: with too few shards left, those that lie wholly in shards still there.
   * @throws RoostError 'too-few' when none can
   */
  async bundles(
    pack: PackRef,
    wanted: readonly number[],
    signal?: AbortSignalLike,
  ): Promise<ReadonlyMap<number, Bytes>> {
    const placements = await this.#options.repository.rows.placements(pack.packId);
    const ranges = wanted.map((index) => ({ index, ...bundleRange(pack, index) }));
    const got = new PackSegments(pack);
    const needed = ranges.flatMap((range) => [...got.namesIn(range)]);
    let lacking: RoostError | undefined;
    try {
      await this.#read(pack, placements, needed, got, signal);
    } catch (error) {
      if (!(error instanceof RoostError) || error.fault !== 'too-few') throw error;
      lacking = error;
    }
    const whole = lacking === undefined ? ranges : ranges.filter((range) => got.covers(range));
    if (whole.length === 0 && lacking !== undefined) throw lacking;
    return new Map(whole.map(({ index, ...range }) => [index, got.slice(range)]));
  }

  /**
   * Up to `m` whole shards of a pack, data or parity, to remake others from: those known already, then those of holders that are online and
   * quick. Fewer when no more can be read now. Needs K_shard only.
   * @throws RoostError 'aborted'
   */
  async anyShards(
    pack: PackFacts,
    known: readonly PlainShard[],
    signal?: AbortSignalLike,
  ): Promise<readonly PlainShard[]> {
    const placements = await this.#options.repository.rows.placements(pack.packId);
    const got = new PackSegments(pack);
    for (const shard of known) got.putWhole(shard);
    await this.#gather(pack, placements, got, signal);
    const whole = got.wholeShards().slice(0, pack.code.m);
    return whole.map((shard) => got.whole(shard));
  }

  /** One shard as its own holders have it; undefined when none of those online gives it whole. Needs K_shard only. */
  async wholeShard(
    pack: PackFacts,
    shard: number,
    signal?: AbortSignalLike,
  ): Promise<PlainShard | undefined> {
    const placements = await this.#options.repository.rows.placements(pack.packId);
    const got = new PackSegments(pack);
    for (const placement of this.#reachable(placements.filter((p) => p.shard === shard))) {
      throwIfAborted(signal);
      if (await this.#fetch(pack, placement, 0, got.perShard, got, signal)) return got.whole(shard);
    }
    return undefined;
  }

  /** Fetches whole shards until there are `m`; each time that takes too long, one more request goes out beside the slow ones. */
  async #gather(
    pack: PackFacts,
    placements: readonly Placement[],
    got: PackSegments,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const { clock } = this.#options;
    const { m } = pack.code;
    const count = got.perShard;
    const candidates = this.#quickestFirst(placements);
    const stop = clock.abortController();
    const onAbort = (): void => {
      stop.abort();
    };
    signal?.addEventListener('abort', onAbort);
    let working = 0;
    const has = (shard: number): boolean => got.wholeShards().includes(shard);
    const enough = (): boolean => stop.signal.aborted || got.wholeShards().length >= m;
    let cancelHedge = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      const work = async (): Promise<void> => {
        working++;
        for (let next = candidates.shift(); next !== undefined && !enough(); next = candidates.shift()) {
          // A fetch that was stopped has nothing to say: who stopped it knows.
          if (!has(next.shard)) {
            await this.#fetch(pack, next, 0, count, got, stop.signal).catch(() => false);
          }
        }
        working--;
        if (enough() || working === 0) resolve();
      };
      const hedge = (): void => {
        cancelHedge = clock.after(HEDGE_BASE_MS + HEDGE_MS_PER_SEGMENT * count, () => {
          if (candidates.length > 0) void work();
          hedge();
        });
      };
      hedge();
      const lacking = Math.max(1, m - got.wholeShards().length);
      for (let i = 0; i < lacking; i++) void work();
    });
    try {
      await abortable(done, signal);
    } finally {
      cancelHedge();
      signal?.removeEventListener('abort', onAbort);
      stop.abort();
    }
  }

  async #read(
    pack: PackRef,
    placements: readonly Placement[],
    needed: readonly SegmentName[],
    got: PackSegments,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const shards = [...new Set(needed.map(({ shard }) => shard))];
    await Promise.all(
      shards.map((shard) => {
        const segments = needed.filter((name) => name.shard === shard).map(({ segment }) => segment);
        return this.#direct(pack, placements, shard, segments, got, signal);
      }),
    );
    const missing = needed.filter((name) => !got.has(name));
    if (missing.length > 0) await this.#remake(pack, placements, missing, got, signal);
  }

  /** Asks the holders of one data shard; what does not come in time or does not verify stays missing. */
  async #direct(
    pack: PackRef,
    placements: readonly Placement[],
    shard: number,
    segments: readonly number[],
    got: PackSegments,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const { clock } = this.#options;
    const holders = this.#reachable(placements.filter((p) => p.shard === shard));
    if (holders.length === 0) return;
    const first = Math.min(...segments);
    const count = Math.max(...segments) - first + 1;
    const patience = clock.abortController();
    const fetched = (async () => {
      for (const holder of holders) if (await this.#fetch(pack, holder, first, count, got, signal)) return;
    })();
    const slow = clock
      .sleep(HEDGE_BASE_MS + HEDGE_MS_PER_SEGMENT * count, { signal: patience.signal })
      .catch(() => undefined);
    await Promise.race([fetched, slow]);
    patience.abort();
    fetched.catch(() => undefined);
    throwIfAborted(signal);
  }

  /** Remakes missing segments from any `m` shards that can give the same range. */
  async #remake(
    pack: PackRef,
    placements: readonly Placement[],
    missing: readonly SegmentName[],
    got: PackSegments,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    const { m } = pack.code;
    const wanted = [...new Set(missing.map(({ segment }) => segment))].sort((a, b) => a - b);
    const first = wanted[0] ?? 0;
    const count = (wanted.at(-1) ?? 0) - first + 1;
    const complete = (): number[] => got.shardsWith(wanted);
    const has = (shard: number): boolean => complete().includes(shard);
    // Connected holders first; the others are worth a try only when those are not enough.
    const candidates = this.#inOrder(placements).filter((p) => !has(p.shard));
    let next = 0;
    const worker = async (): Promise<void> => {
      while (complete().length < m && next < candidates.length) {
        const candidate = candidates[next++] as Placement;
        if (has(candidate.shard)) continue;
        await this.#fetch(pack, candidate, first, count, got, signal);
        throwIfAborted(signal);
      }
    };
    // One request more than needed is under way, so that a slow holder does not stall the rest.
    const workers = Math.max(1, m - complete().length + 1);
    await Promise.all(Array.from({ length: workers }, worker));
    const present = complete().slice(0, m);
    if (present.length < m) {
      throw new RoostError(
        'too-few',
        `${m} pieces of pack ${pack.packId} are needed, ${present.length} can be read`,
      );
    }
    await this.#reconstruct(pack, missing, wanted, present, got);
  }

  async #reconstruct(
    pack: PackRef,
    missing: readonly SegmentName[],
    segments: readonly number[],
    present: readonly number[],
    got: PackSegments,
  ): Promise<void> {
    const shards = [...new Set(missing.map(({ shard }) => shard))].filter(
      (shard) => !present.includes(shard),
    );
    const rebuilt = await this.#options.codec.reconstruct({
      code: pack.code,
      present: present.map((shard) => ({ shard, bytes: got.join(shard, segments) })),
      wanted: shards,
    });
    shards.forEach((shard, i) => {
      let at = 0;
      for (const segment of segments) {
        const end = at + got.lengthOf(segment);
        got.put(shard, segment, (rebuilt[i] ?? new Uint8Array(0)).subarray(at, end));
        at = end;
      }
    });
  }

  /** Fetches and verifies a range of one shard. Resolves true when all of it is good; never rejects but for an abort. */
  async #fetch(
    pack: PackFacts,
    placement: Placement,
    first: number,
    count: number,
    got: PackSegments,
    signal: AbortSignalLike | undefined,
  ): Promise<boolean> {
    const { cooperation, codec, clock, owner, onCorrupt, onReceived } = this.#options;
    const { holder, agreement, row, shard, segments } = placement;
    if ((this.#silent.get(holder) ?? -Infinity) > clock.monotonic()) return false;
    const startedAt = clock.monotonic();
    try {
      const cancel = signal ? { signal } : {};
      const remote = await cooperation.session(holder, cancel);
      const sealed = await remote.get(agreement, row, first, count, cancel);
      onReceived(sealed.reduce((sum, { length }) => sum + length, 0));
      const { plain, corrupt } = await codec.openSegments({
        seal: { owner, holder, agreement, packId: pack.packId, shard },
        segments,
        sealed: sealed.map((bytes, i) => ({ index: first + i, bytes })),
        // Each came in a message of its own.
        buffersGiven: true,
      });
      this.#pace.set(holder, (clock.monotonic() - startedAt) / count);
      if (corrupt.length > 0) onCorrupt(holder, corrupt.length);
      plain.forEach((bytes, i) => {
        if (bytes?.length === got.lengthOf(first + i)) got.put(shard, first + i, bytes);
      });
      return corrupt.length === 0 && plain.length === count;
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'aborted') throw error;
      if (fault === 'corrupt' || fault === 'not-found') onCorrupt(holder, count);
      if (fault === 'unreachable' || fault === 'timeout')
        this.#silent.set(holder, clock.monotonic() + UNREACHABLE_MS);
      return false;
    }
  }

  #reachable(placements: readonly Placement[]): Placement[] {
    const online = this.#online();
    const now = this.#options.clock.monotonic();
    return placements.filter(
      ({ holder }) => online.has(holder) && (this.#silent.get(holder) ?? -Infinity) <= now,
    );
  }

  #inOrder(placements: readonly Placement[]): Placement[] {
    const online = this.#online();
    return [...placements].sort(
      (a, b) => Number(online.has(b.holder)) - Number(online.has(a.holder)) || a.shard - b.shard,
    );
  }

  /** Each shard once before any is tried at another holder, too; holders not measured yet count as quick. */
  #quickestFirst(placements: readonly Placement[]): Placement[] {
    const online = this.#online();
    const seen = new Set<number>();
    return [...placements]
      .sort(
        (a, b) =>
          Number(online.has(b.holder)) - Number(online.has(a.holder)) ||
          (this.#pace.get(a.holder) ?? 0) - (this.#pace.get(b.holder) ?? 0),
      )
      .map((placement) => {
        const again = seen.has(placement.shard);
        seen.add(placement.shard);
        return { placement, again };
      })
      .sort((a, b) => Number(a.again) - Number(b.again))
      .map(({ placement }) => placement);
  }

  #online(): ReadonlySet<DeviceId> {
    const { cooperation } = this.#options;
    return new Set([
      ...cooperation.connected().map(({ peer }) => peer.device),
      ...cooperation
        .partners()
        .filter(({ online }) => online)
        .map(({ device }) => device),
    ]);
  }
}
