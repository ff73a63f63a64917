import { faultOf, messageOf } from '../../core/errors.ts';
import type { PackId } from '../../core/ids.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { RepairFacts } from '../repository/records.ts';
import type { PackCondition } from './condition.ts';
import { assessPack, isLazilyDue, isUrgent } from './condition.ts';
import { GatheredShards } from './gathered-shards.ts';
import { HolderBook } from './holders.ts';
import { PackMender } from './mend-pack.ts';
import type { LyingPack } from './pack-source.ts';
import { ownPacks } from './pack-source.ts';
import { Rebalance } from './rebalance.ts';
import type { RepairWork } from './repair-work.ts';
import { dropSurplus, hasSurplus } from './surplus.ts';

/** Packs remade side by side: one is fetched while the other is brought; their plain shards are what memory it takes. */
const PACKS_AT_ONCE = 2;

export interface Repaired {
  /** pieces made again */
  readonly remade: number;
  /** pieces brought from one holder to another */
  readonly moved: number;
  /** plain bytes fetched and brought */
  readonly bytes: number;
  /** lost pieces that are still missing */
  readonly missing: number;
  /** of these, pieces of packs of which too few others can be read now */
  readonly unread: number;
  /** own packs with fewer than `m` pieces anywhere, for good */
  readonly lost: readonly PackId[];
}

interface Todo {
  readonly facts: RepairFacts;
  readonly condition: PackCondition;
}

/**
 * Looks at every pack and remakes, moves and lets go of shards until each is as safe as the partners allow: the worst first. Each
 * shard that is brought is durable on its own, so that a repair may be stopped, or cut off, at any moment and gone on with later.
 * Nothing but K_shard is needed. Must not run beside a backup or a forget of the same repository.
 * @throws RoostError 'aborted'
 */
export async function repairPacks(context: AgentContext, work: RepairWork): Promise<Repaired> {
  const { platform, repository, cooperation } = context;
  const source = work.source ?? ownPacks(context);
  const holders = new HolderBook(cooperation);
  const gathered = await GatheredShards.open(platform, source.owner);
  const mender = new PackMender(context, work, holders, source, gathered);
  const rebalance = new Rebalance(context, work, holders, mender, source);
  const until = platform.clock.monotonic() + (work.budgetMs ?? Infinity);
  const todo: Todo[] = [];
  const surplus: RepairFacts[] = [];
  const lost: PackId[] = [];
  let missing = 0;
  let unread = 0;
  for await (const pack of source.packs()) {
    throwIfAborted(work.signal);
    const { facts } = pack;
    const condition = assessPack(facts, pack.placements, holders, gathered.of(facts.packId));
    if (isLost(pack, condition, holders)) {
      if (pack.mine) lost.push(facts.packId);
      if (work.giveUpLost === true) await giveUp(context, facts.packId);
      continue;
    }
    // Another device of the account cares for its packs itself.
    if (!pack.mine) continue;
    missing += condition.lost;
    if (isUrgent(condition) || (work.only !== 'urgent' && isDueSometime(condition, work))) {
      todo.push({ facts, condition });
    } else if (work.only !== 'urgent') {
      if (hasSurplus(condition)) surplus.push(facts);
      rebalance.consider(facts, condition);
    }
  }
  await gathered.forgetOthers(urgentOf(todo));
  todo.sort(worstFirst);
  for (const { facts, condition } of todo) work.meter.add({ total: facts.shardBytes * shardsDue(condition) });
  let remade = 0;
  let moved = 0;
  let bytes = 0;
  await mapLimited(todo, PACKS_AT_ONCE, async ({ facts, condition: before }) => {
    if (platform.clock.monotonic() >= until) return;
    try {
      const mended = await mender.mend(facts);
      remade += mended.remade;
      moved += mended.moved;
      bytes += mended.bytes;
      missing += mended.condition.lost - before.lost;
      if (hasSurplus(mended.condition)) surplus.push(facts);
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      if (faultOf(error) === 'too-few' && before.perhaps < facts.code.m) {
        // Those who are through with us were asked, too.
        lost.push(facts.packId);
        missing -= before.lost;
        if (work.giveUpLost === true) await giveUp(context, facts.packId);
        return;
      }
      // What can be read again another day is repaired then.
      if (faultOf(error) === 'too-few') unread += before.lost;
      platform.log.warn('pack not repaired', {
        pack: facts.packId,
        fault: faultOf(error),
        message: messageOf(error),
      });
    }
  });
  for (const facts of surplus) {
    throwIfAborted(work.signal);
    const condition = assessPack(facts, await repository.rows.placements(facts.packId), holders);
    await dropSurplus(context, facts, condition, source);
  }
  if (work.only !== 'urgent' && platform.clock.monotonic() < until) {
    const balanced = await rebalance.run();
    moved += balanced.moved;
    bytes += balanced.bytes;
  }
  return { remade, moved, bytes, missing, unread, lost };
}

function urgentOf(todo: readonly Todo[]): ReadonlySet<PackId> {
  return new Set(todo.flatMap(({ facts, condition }) => (isUrgent(condition) ? [facts.packId] : [])));
}

/** Whether pieces that wait for a holder are to be brought, or the odds call for more. */
function isDueSometime(condition: PackCondition, { bring }: RepairWork): boolean {
  return (bring === true && condition.missing.length > 0) || isLazilyDue(condition);
}

/** Those nearest to being lost; of equal ones those likeliest to be. */
function worstFirst(a: Todo, b: Todo): number {
  const { standing: sa } = a.condition;
  const { standing: sb } = b.condition;
  return sa.spare - sb.spare || sb.lossWithin - sa.lossWithin;
}

function shardsDue({ missing, leaving, suspect }: PackCondition): number {
  return missing.length + leaving.length || Math.min(1, suspect.length);
}

/**
 * Whether it is proved that fewer than `m` shards are left. Who is silent, suspect or out of reach proves nothing; and as long as holders
 * that are through with us are still online, theirs is worth a try.
 */
function isLost(
  { facts, placements, mine }: LyingPack,
  condition: PackCondition,
  holders: HolderBook,
): boolean {
  const { m } = facts.code;
  if (condition.perhaps >= m) return false;
  // Ledgers of another device's holders that have not been heard cannot be known to be empty.
  if (!mine && !holders.allHeard) return false;
  const inReach = new Set(
    placements.flatMap(({ shard, holder }) => (holders.isOnline(holder) ? [shard] : [])),
  );
  return inReach.size < m;
}

/** Forgets where the chunks of a lost pack are, so that nothing relies on it and the next run stores them anew. */
async function giveUp({ repository }: AgentContext, packId: PackId): Promise<void> {
  await repository.apply([repository.operations.dropChunks(packId)]);
}
