import { TARGET_LOSS_PER_YEAR } from '../../core/placement/durability.ts';
import { placementBreach } from '../../core/placement/domains.ts';
import { packLossPerYear } from '../../core/placement/standing.ts';
import { faultOf } from '../../core/errors.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import type { Partner } from '../network/types.ts';
import { placementPartner, takers } from '../placement.ts';
import type { RepairFacts } from '../repository/records.ts';
import type { PackCondition } from './condition.ts';
import { assessPack, isWhole, lastingHolders } from './condition.ts';
import type { HolderBook } from './holders.ts';
import type { PackMender } from './mend-pack.ts';
import type { PackSource } from './pack-source.ts';
import type { RepairWork } from './repair-work.ts';
import { resealFrom } from './reseal.ts';
import { mayRelease } from './surplus.ts';

/** Packs of which one shard is moved in one run: better placement may take weeks, and must not take the line. */
export const REBALANCE_PACKS_PER_RUN = 8;
/** Packs looked at closely for it. */
const PACKS_LOOKED_AT = 64;
/** A move must leave at most this share of the chance of loss, or mend a cap: less is not worth the traffic. */
const WORTHWHILE_SHARE = 0.5;

interface Candidate {
  readonly facts: RepairFacts;
  readonly breach: number;
  readonly lossPerYear: number;
}

interface Move {
  readonly shard: number;
  readonly to: Partner;
  readonly breach: number;
  readonly lossPerYear: number;
}

/** Moves single shards of whole packs to where they lie better: first copied, then let go. */
export class Rebalance {
  readonly #context: AgentContext;
  readonly #work: RepairWork;
  readonly #holders: HolderBook;
  readonly #mender: PackMender;
  readonly #source: PackSource;
  readonly #takers: readonly Partner[];
  #candidates: Candidate[] = [];

  constructor(
    context: AgentContext,
    work: RepairWork,
    holders: HolderBook,
    mender: PackMender,
    source: PackSource,
  ) {
    this.#context = context;
    this.#work = work;
    this.#holders = holders;
    this.#mender = mender;
    this.#source = source;
    this.#takers = takers(work.partners);
  }

  /** Notes a whole pack that may lie better; the worst of all are kept. */
  consider(facts: RepairFacts, condition: PackCondition): void {
    if (!isWhole(condition)) return;
    if (condition.suspect.length > 0 || condition.held.length !== condition.lasting.size) return;
    const { lossPerYear } = condition.standing;
    const breach = placementBreach(lastingHolders(condition), facts.code);
    if (breach === 0 && lossPerYear <= TARGET_LOSS_PER_YEAR) return;
    const inside = new Set([...condition.lasting.values()].map(({ device }) => device));
    if (this.#takers.every(({ device }) => inside.has(device))) return;
    this.#candidates.push({ facts, breach, lossPerYear });
    if (this.#candidates.length >= 2 * PACKS_LOOKED_AT) this.#keepWorst();
  }

  /** @throws RoostError 'aborted' */
  async run(): Promise<{ readonly moved: number; readonly bytes: number }> {
    this.#keepWorst();
    let moved = 0;
    let bytes = 0;
    for (const { facts } of this.#candidates) {
      throwIfAborted(this.#work.signal);
      if (moved >= REBALANCE_PACKS_PER_RUN) break;
      if (!(await this.#improve(facts))) continue;
      moved++;
      bytes += 2 * facts.shardBytes;
    }
    return { moved, bytes };
  }

  #keepWorst(): void {
    this.#candidates.sort((a, b) => b.breach - a.breach || b.lossPerYear - a.lossPerYear);
    this.#candidates = this.#candidates.slice(0, PACKS_LOOKED_AT);
  }

  async #improve(facts: RepairFacts): Promise<boolean> {
    const { repository, platform } = this.#context;
    const { reader, signal, pace } = this.#work;
    const condition = assessPack(facts, await repository.rows.placements(facts.packId), this.#holders);
    const move = this.#bestMove(facts, condition);
    if (move === undefined) return false;
    const { shard, to } = move;
    try {
      await pace.take(facts.shardBytes, signal);
      const piece = await reader.wholeShard(facts, shard, signal);
      if (piece === undefined) return false;
      const make = resealFrom(platform.codec, facts, piece);
      const placed = await this.#mender.bring(facts, condition, shard, make, [to], new Set());
      const replaced = condition.held
        .filter((held) => held.placement.shard === shard && mayRelease(held, this.#source))
        .map(({ placement }) => ({ placement, release: true }));
      await repository.rows.commitPlacements(
        facts.packId,
        placed === undefined ? [] : [placed],
        placed === undefined ? [] : replaced,
      );
      return placed !== undefined;
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('piece not moved', { pack: facts.packId, fault: faultOf(error) });
      return false;
    }
  }

  /** The move that mends most: of caps first, then of the chance of loss. */
  #bestMove({ code }: RepairFacts, condition: PackCondition): Move | undefined {
    const { lasting, held } = condition;
    const now = placementBreach(lastingHolders(condition), code);
    const { lossPerYear } = condition.standing;
    const inside = new Set(held.map(({ placement }) => placement.holder));
    const free = this.#takers.filter(({ device }) => !inside.has(device));
    let best: Move | undefined;
    for (const { placement } of held) {
      const { shard } = placement;
      if (!this.#holders.isOnline(placement.holder)) continue;
      for (const to of free) {
        const after = [...lasting].map(([of, partner]) => (of === shard ? to : partner));
        const breach = placementBreach(after.map(placementPartner), code);
        if (breach > now || (breach === now && lossPerYear <= TARGET_LOSS_PER_YEAR)) continue;
        const odds = after.map((partner) => partner.odds);
        const move: Move = { shard, to, breach, lossPerYear: packLossPerYear(odds, code.m) };
        if (!isWorthwhile(move, now, lossPerYear)) continue;
        if (
          best === undefined ||
          move.breach < best.breach ||
          (move.breach === best.breach && move.lossPerYear < best.lossPerYear)
        ) {
          best = move;
        }
      }
    }
    return best;
  }
}

/** Of a move that breaks no further cap: one mended must not cost more safety than a move has to bring. */
function isWorthwhile(move: Move, breach: number, lossPerYear: number): boolean {
  if (move.breach < breach)
    return move.lossPerYear * WORTHWHILE_SHARE <= Math.max(lossPerYear, TARGET_LOSS_PER_YEAR);
  return move.lossPerYear <= lossPerYear * WORTHWHILE_SHARE;
}
