import type { Bytes } from '../../core/bytes.ts';
import { enoughShards, totalShards } from '../../core/erasure/codes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { AccountId } from '../../core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../core/limits.ts';
import { assignShards } from '../../core/placement/assign.ts';
import type { DomainRisk } from '../../core/placement/domains.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Codec, CodecThreads, EncodedPack, Seal, SealedShard } from '../../ports/codec.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { Cooperation, Partner } from '../network/types.ts';
import { placementPartner, rankTakers, takers } from '../placement.ts';
import type { Placement } from '../repository/records.ts';
import type { Repository } from '../repository/repository.ts';
import type { SealedPack } from './pack-writer.ts';

/** How long a holder that fell silent is waited for before its shard goes elsewhere. */
const PATIENCE_WITH_SPARE_MS = 5_000;
const PATIENCE_WITHOUT_SPARE_MS = 30_000;
const RETRY_PAUSE_MS = 500;

export interface PackPlacerOptions {
  readonly owner: AccountId;
  readonly cooperation: Cooperation;
  readonly repository: Repository;
  readonly codec: Codec & Partial<CodecThreads>;
  readonly clock: Clock;
  readonly log: Log;
  /** those that are not in good standing get nothing */
  readonly partners: readonly Partner[];
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignalLike | undefined;
}

/** What became of a pack: where its shards lie, fewer than `n` when partners were away, or failed and none could take over. */
export interface PlacedPack {
  readonly shardBytes: number;
  /** shards for which no partner was in reach */
  readonly awaited: readonly number[];
  readonly placements: readonly Placement[];
  /** caps of failure domains that the partners did not let it keep */
  readonly risks: readonly DomainRisk[];
}

/** Codes a pack and brings each shard to a distinct holder, durably. */
export class PackPlacer {
  readonly #options: PackPlacerOptions;
  readonly #takers: ReadonlyMap<string, Partner>;
  /** each pack begins with other partners, and so does each run, so that all fill alike */
  #turn: number | undefined;
  /** whether a holder refused for want of space */
  #full = false;

  constructor(options: PackPlacerOptions) {
    this.#options = options;
    this.#takers = new Map(takers(options.partners).map((partner) => [partner.device, partner]));
  }

  /**
   * With fewer partners than shards, the last shards wait until a repair finds a holder for them.
   * @throws RoostError 'too-few' when fewer shards found a holder than a pack must have to count as saved (`enoughShards`)
   */
  async place(pack: SealedPack): Promise<PlacedPack> {
    const { owner, repository, codec } = this.#options;
    const n = totalShards(pack.code);
    this.#turn = (this.#turn ?? pack.salt[0] ?? 0) + 1;
    const assigned = assignShards([...this.#takers.values()].map(placementPartner), pack.code, this.#turn);
    const chosen = assigned.chosen.map(({ id }) => this.#takers.get(id)!);
    const lineup: Lineup = {
      holders: new Map(chosen.map((partner, shard) => [shard, partner])),
      spares: assigned.spares.map(({ id }) => this.#takers.get(id)!),
    };
    const rows = await repository.rows.reserve(
      pack.packId,
      chosen.map((partner) => partner.agreement.id),
    );
    const encoded = await codec.encodePack({
      packId: pack.packId,
      salt: pack.salt,
      kind: pack.kind,
      code: pack.code,
      parts: pack.parts,
      lengths: pack.lengths,
      seals: chosen.map((partner, shard) => sealFor(owner, partner, pack, shard)),
    });
    const placements = await Promise.all(
      chosen.map(async (partner, i) =>
        this.#bring(pack, encoded, encoded.shards[i]!, partner, rows[i] ?? 0, lineup),
      ),
    );
    const placed = placements.filter((placement) => placement !== undefined);
    // After a failure a shard may still be on its way to who did not answer.
    const smooth = placements.every((placement, i) => placement?.holder === chosen[i]?.device);
    if (smooth) codec.giveBack?.(encoded.shards);
    const needed = enoughShards(pack.code, this.#takers.size);
    if (placed.length < needed) {
      if (this.#full) throw new RoostError('full', 'the partners have no room left for more pieces');
      throw new RoostError(
        'too-few',
        `only ${placed.length} of ${n} pieces found a holder, at least ${needed} are needed`,
      );
    }
    const awaited = Array.from({ length: n - chosen.length }, (_, i) => chosen.length + i);
    return { shardBytes: encoded.shardBytes, awaited, placements: placed, risks: assigned.risks };
  }

  /** Brings one more shard of a pack placed before to a partner that holds none of it. */
  async add(
    shard: (seal: Seal) => Promise<SealedShard>,
    seal: Omit<Seal, 'owner' | 'holder' | 'agreement'>,
    partner: Partner,
  ): Promise<Placement> {
    const { owner, repository } = this.#options;
    const [row] = await repository.rows.reserve(seal.packId, [partner.agreement.id]);
    const sealed = await shard({ ...seal, owner, holder: partner.device, agreement: partner.agreement.id });
    return this.#put(sealed, partner, row ?? 0, true);
  }

  async #bring(
    pack: SealedPack,
    encoded: EncodedPack,
    shard: SealedShard,
    partner: Partner,
    row: number,
    lineup: Lineup,
  ): Promise<Placement | undefined> {
    const { log, owner, repository } = this.#options;
    let current = { shard, partner, row };
    for (;;) {
      try {
        return await this.#put(current.shard, current.partner, current.row, lineup.spares.length > 0);
      } catch (error) {
        if (faultOf(error) === 'aborted') throw error;
        if (faultOf(error) === 'full') this.#full = true;
        log.warn('piece not taken', {
          device: current.partner.device,
          fault: faultOf(error),
          message: messageOf(error),
        });
        const spare = nextSpare(lineup, shard.seal.shard, pack.code);
        if (spare === undefined) return undefined;
        const [spareRow] = await repository.rows.reserve(pack.packId, [spare.agreement.id]);
        current = {
          shard: await this.#reseal(pack, encoded, sealFor(owner, spare, pack, shard.seal.shard)),
          partner: spare,
          row: spareRow ?? 0,
        };
      }
    }
  }

  async #put(shard: SealedShard, partner: Partner, row: number, hasSpare: boolean): Promise<Placement> {
    const { cooperation, clock, signal, onSent } = this.#options;
    const placement: Placement = {
      packId: shard.seal.packId,
      shard: shard.seal.shard,
      holder: partner.device,
      agreement: partner.agreement.id,
      row,
      bytes: shard.sealed.length,
      segments: shard.segments,
      hash: shard.hash,
    };
    const patience = hasSpare ? PATIENCE_WITH_SPARE_MS : PATIENCE_WITHOUT_SPARE_MS;
    const cancel = signal ? { signal } : {};
    const until = clock.monotonic() + patience;
    for (;;) {
      throwIfAborted(signal);
      try {
        const remote = await cooperation.session(partner.device, cancel);
        const startedAt = clock.monotonic();
        await remote.put(partner.agreement.id, placement, shard.sealed, { ...cancel, onSent });
        cooperation.notes.stored(partner.device, shard.sealed.length, clock.monotonic() - startedAt);
        return placement;
      } catch (error) {
        const fault = faultOf(error);
        if (fault === 'refused' || fault === 'full' || fault === 'not-found')
          cooperation.notes.doubt(partner.device);
        if ((fault !== 'unreachable' && fault !== 'timeout') || clock.monotonic() >= until) throw error;
        await clock.sleep(RETRY_PAUSE_MS, cancel);
      }
    }
  }

  /** Seals a shard for another holder from the sealed shards that are still in memory. */
  async #reseal(pack: SealedPack, encoded: EncodedPack, seal: Seal): Promise<SealedShard> {
    const { codec } = this.#options;
    const present = await Promise.all(
      encoded.shards.slice(0, pack.code.m).map(async (shard) => {
        const { plain, corrupt } = await codec.openSegments({
          seal: shard.seal,
          segments: shard.segments,
          sealed: splitSegments(shard.sealed).map((bytes, index) => ({ index, bytes })),
        });
        if (corrupt.length > 0) throw new RoostError('internal', 'a shard just sealed does not open');
        return { shard: shard.seal.shard, bytes: joinPlain(plain, encoded.shardBytes) };
      }),
    );
    return codec.remakeShard({ code: pack.code, shardBytes: encoded.shardBytes, present, seal });
  }
}

/** Who holds which shard of a pack under way, and who may step in. */
interface Lineup {
  readonly holders: Map<number, Partner>;
  readonly spares: Partner[];
}

/** The spare that goes best with the other holders takes over a shard. */
function nextSpare({ holders, spares }: Lineup, shard: number, code: Code): Partner | undefined {
  holders.delete(shard);
  const [best] = rankTakers(spares, [...holders.values()].map(placementPartner), code);
  if (best === undefined) return undefined;
  spares.splice(spares.indexOf(best), 1);
  holders.set(shard, best);
  return best;
}

function sealFor(owner: AccountId, partner: Partner, pack: SealedPack, shard: number): Seal {
  return { owner, holder: partner.device, agreement: partner.agreement.id, packId: pack.packId, shard };
}

/** The sealed segments of a shard, as copies that may be transferred. */
function splitSegments(sealed: Bytes): Bytes[] {
  const segments: Bytes[] = [];
  for (let at = 0; at < sealed.length; at += SEALED_SEGMENT_BYTES) {
    segments.push(sealed.slice(at, at + SEALED_SEGMENT_BYTES));
  }
  return segments;
}

function joinPlain(parts: readonly (Bytes | undefined)[], length: number): Bytes {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (!part) continue;
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
