import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Seal, SealedShard } from '../../ports/codec.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import type { Partner } from '../network/types.ts';
import { placementPartner, rankTakers, takers } from '../placement.ts';
import type { RepairFacts, Placement } from '../repository/records.ts';
import type { PlainShard } from '../restore/pack-segments.ts';
import type { PackCondition } from './condition.ts';
import { assessPack, isLazilyDue, isUrgent } from './condition.ts';
import type { GatheredShards } from './gathered-shards.ts';
import type { Held, HolderBook } from './holders.ts';
import type { PackSource } from './pack-source.ts';
import type { RepairWork } from './repair-work.ts';
import { remakeFrom, resealFrom } from './reseal.ts';
import { mayRelease } from './surplus.ts';

export interface MendedPack {
  /** shards made again that nobody had, or that only suspects have */
  readonly remade: number;
  /** shards copied away from holders that leave */
  readonly moved: number;
  /** plain bytes fetched and brought */
  readonly bytes: number;
  readonly condition: PackCondition;
}

/** Remakes and moves shards of packs, one at a time in each; every one that has found its place stays, whatever happens to the next. */
export class PackMender {
  readonly #context: AgentContext;
  readonly #work: RepairWork;
  readonly #holders: HolderBook;
  readonly #source: PackSource;
  readonly #gathered: GatheredShards;
  readonly #takers: readonly Partner[];
  /** who has no room, or will not: it is not asked for each pack again */
  readonly #unwilling = new Set<DeviceId>();
  /** so that all partners fill alike */
  #turn = 0;

  constructor(
    context: AgentContext,
    work: RepairWork,
    holders: HolderBook,
    source: PackSource,
    gathered: GatheredShards,
  ) {
    this.#context = context;
    this.#work = work;
    this.#holders = holders;
    this.#source = source;
    this.#gathered = gathered;
    this.#takers = takers(work.partners);
  }

  /** @throws RoostError 'too-few' when too few shards can be read now: what could is kept for the next time; 'aborted' */
  async mend(facts: RepairFacts): Promise<MendedPack> {
    const { repository } = this.#context;
    const { packId } = facts;
    // Deals of this pack that failed: who did not take a piece once is not asked again.
    const refused = new Set(this.#unwilling);
    const { size: before } = refused;
    let present: readonly PlainShard[] | undefined;
    let remade = 0;
    let moved = 0;
    let bytes = 0;
    for (;;) {
      throwIfAborted(this.#work.signal);
      const condition = assessPack(facts, await repository.rows.placements(packId), this.#holders);
      const shard = this.#next(facts, condition);
      const partners = shard === undefined ? [] : this.candidates(facts, condition, refused, shard);
      if (shard === undefined || partners.length === 0) {
        // Rows that no partner took are to be released.
        if (refused.size > before) await repository.rows.commitPlacements(packId, []);
        if (!isUrgent(condition)) await this.#gathered.forget(packId);
        return { remade, moved, bytes, condition };
      }
      let make: (seal: Seal) => Promise<SealedShard>;
      const kept = present === undefined ? await this.#gathered.read(packId) : [];
      const known = kept.find((one) => one.shard === shard);
      const copy =
        known === undefined && present === undefined && !condition.missing.includes(shard)
          ? await this.#fetchOne(facts, shard, condition)
          : undefined;
      if (known !== undefined) {
        make = resealFrom(this.#context.platform.codec, facts, known);
      } else if (copy !== undefined) {
        bytes += facts.shardBytes;
        make = resealFrom(this.#context.platform.codec, facts, copy);
      } else {
        if (present === undefined) {
          present = await this.#fetchAny(facts, condition, kept);
          bytes += facts.shardBytes * Math.max(0, facts.code.m - kept.length);
        }
        make = remakeFrom(this.#context.platform.codec, facts, present);
      }
      const placed = await this.bring(facts, condition, shard, make, partners, refused);
      if (placed === undefined) continue;
      bytes += facts.shardBytes;
      await repository.rows.commitPlacements(packId, [placed], this.#replaced(condition, placed));
      if (condition.leaving.includes(shard)) moved++;
      else remade++;
      this.#work.meter.add({ done: facts.shardBytes });
    }
  }

  /** Partners for one more shard, the best first: none that keeps another of the pack already. */
  candidates(
    { code }: RepairFacts,
    { held, lasting }: PackCondition,
    refused: ReadonlySet<DeviceId>,
    shard: number,
  ): readonly Partner[] {
    const taken = new Set(
      held.flatMap(({ placement, hold }) =>
        hold === 'gone' || hold === 'unknown' ? [] : [placement.holder],
      ),
    );
    const free = this.#takers.filter(({ device }) => !taken.has(device) && !refused.has(device));
    const turn = this.#turn++ % Math.max(1, free.length);
    const beside = [...lasting]
      .filter(([of]) => of !== shard)
      .map(([, partner]) => placementPartner(partner));
    return rankTakers([...free.slice(turn), ...free.slice(0, turn)], beside, code);
  }

  /** Brings a shard to the first of the partners that takes it. @throws RoostError 'aborted' */
  async bring(
    { packId, shardBytes }: RepairFacts,
    condition: PackCondition,
    shard: number,
    make: (seal: Seal) => Promise<SealedShard>,
    partners: readonly Partner[],
    refused: Set<DeviceId>,
  ): Promise<Placement | undefined> {
    const { log } = this.#context.platform;
    const { placer, signal } = this.#work;
    for (const partner of partners) {
      throwIfAborted(signal);
      await this.#wait(condition, shardBytes);
      try {
        const placed = await placer.add(make, { packId, shard }, partner);
        this.#work.onPlaced?.();
        return placed;
      } catch (error) {
        if (faultOf(error) === 'aborted') throw error;
        refused.add(partner.device);
        if (faultOf(error) === 'full' || faultOf(error) === 'refused') this.#unwilling.add(partner.device);
        log.warn('remade piece not taken', {
          device: partner.device,
          fault: faultOf(error),
          message: messageOf(error),
        });
      }
    }
    return undefined;
  }

  /** The shard to be made next: what nobody has, of that first what is here, then what is about to leave, then what may never come back. */
  #next({ packId, awaited }: RepairFacts, condition: PackCondition): number | undefined {
    const { missing, leaving, suspect } = condition;
    const { only, bring } = this.#work;
    const lost = missing.filter((shard) => !awaited.includes(shard));
    const here = this.#gathered.of(packId);
    const urgent = lost.find((shard) => here.includes(shard)) ?? lost[0] ?? leaving[0];
    if (urgent !== undefined || only === 'urgent') return urgent;
    if (bring === true && missing[0] !== undefined) return missing[0];
    return isLazilyDue(condition) ? suspect[0] : undefined;
  }

  async #fetchOne(
    facts: RepairFacts,
    shard: number,
    condition: PackCondition,
  ): Promise<PlainShard | undefined> {
    const { reader, signal } = this.#work;
    const there = condition.held.some(
      ({ placement, hold }) =>
        placement.shard === shard && hold !== 'gone' && this.#holders.isOnline(placement.holder),
    );
    if (!there) return undefined;
    await this.#wait(condition, facts.shardBytes);
    return reader.wholeShard(facts, shard, signal);
  }

  async #fetchAny(
    facts: RepairFacts,
    condition: PackCondition,
    kept: readonly PlainShard[],
  ): Promise<readonly PlainShard[]> {
    const { reader, signal } = this.#work;
    const { packId, shardBytes } = facts;
    const { m } = facts.code;
    const here = new Set(kept.map(({ shard }) => shard));
    for (const { placement } of condition.held) {
      if (this.#holders.isOnline(placement.holder)) here.add(placement.shard);
    }
    // What can wait is not fetched in part; nor is what cannot be kept.
    const toFetch = shardBytes * Math.max(0, Math.min(m, here.size) - kept.length);
    if (here.size < m && !(isUrgent(condition) && toFetch > 0 && (await this.#gathered.hasRoom(toFetch)))) {
      throw new RoostError(
        'too-few',
        `${m} pieces are needed to make one, ${here.size} are here or with holders that are online`,
      );
    }
    await this.#wait(condition, toFetch);
    const shards = await reader.anyShards(facts, kept, signal);
    if (shards.length >= m) return shards;
    await this.#gathered.add(
      packId,
      shards.filter((one) => !kept.some(({ shard }) => shard === one.shard)),
    );
    throw new RoostError('too-few', `${m} pieces of pack ${packId} are needed, ${shards.length} can be read`);
  }

  async #wait(condition: PackCondition, bytes: number): Promise<void> {
    const { pace, signal } = this.#work;
    if (!condition.critical) await pace.take(bytes, signal);
  }

  /** Placements of the shard that the new one takes the place of. A suspect may come back: it keeps its own meanwhile. */
  #replaced(
    { held }: PackCondition,
    placed: Placement,
  ): readonly { readonly placement: Placement; readonly release: boolean }[] {
    const replaces = (one: Held): boolean => {
      if (one.placement.shard !== placed.shard) return false;
      if (one.hold === 'gone' || one.hold === 'unknown') return true;
      return one.hold === 'leaving' && mayRelease(one, this.#source);
    };
    return held.filter(replaces).map(({ placement, hold }) => ({ placement, release: hold === 'leaving' }));
  }
}
