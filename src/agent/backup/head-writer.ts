import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import { isWeak } from '../../core/erasure/codes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import type { PackId, SnapshotId } from '../../core/ids.ts';
import { MIB } from '../../core/limits.ts';
import type { AbortSignalLike, OnReached } from '../../core/progress.ts';
import { openHead, sealHead } from '../../core/snapshot/head.ts';
import type { Snapshot } from '../../core/snapshot/types.ts';
import type { AgentContext } from '../context.ts';
import { mapLimited } from '../../core/limiter.ts';
import { onePerDevice } from '../network/partner-view.ts';
import { encodeJournal } from '../repository/journal.ts';
import type { OwnHead, StoredPack } from '../repository/records.ts';
import type { RepositoryOperation } from '../repository/operations.ts';
import type { PlacedPack } from './pack-placer.ts';
import { PackWriter } from './pack-writer.ts';
import type { SealedPack } from './pack-writer.ts';

/** With more journal packs than this the next run writes the journal anew, as it does when one of them is lost. */
const JOURNAL_PACKS_MAX = 64;
/** A journal of so few bytes is written anew sooner: a pack costs its holders the same however little is in it. */
const SMALL_JOURNAL_BYTES = MIB;
const SMALL_JOURNAL_PACKS_MAX = 8;
const HEAD_SENDS_UNDER_WAY = 8;

export interface CommitRequest {
  readonly snapshots: readonly Snapshot[];
  readonly removedPacks: readonly PackId[];
  readonly forgotten: readonly SnapshotId[];
  readonly code: Code;
  readonly place: (pack: SealedPack) => Promise<PlacedPack>;
}

/**
 * Makes a run's outcome part of the account: journal parts in meta packs, then a new head that leads to them. The head is
 * durable here before any holder sees it, so a crash can never give one number to two heads.
 */
export async function commitRun(context: AgentContext, request: CommitRequest): Promise<void> {
  const { repository } = context;
  const own = await repository.ownHead();
  const lost = new Set(request.removedPacks);
  const compact =
    isLong(own.index) || own.index.some(({ packId, code }) => lost.has(packId) || isWeak(code, request.code));
  const forgotten = new Set(request.forgotten);
  const { fresh, orphans, removed } = await packsToJournal(context, own, compact, lost);
  const kept = compact
    ? (await repository.snapshots()).filter((s) => s.device === context.device && !forgotten.has(s.id))
    : [];
  const journal = await writeJournal(context, request, {
    packs: fresh,
    removedPacks: compact ? [] : request.removedPacks,
    snapshots: [...kept, ...request.snapshots],
    forgotten: compact ? [] : request.forgotten,
  });
  const next = await makeHead(context, own, compact ? journal : [...own.index, ...journal]);
  await repository.apply([
    repository.operations.ownHead(next),
    ...fresh.map((pack) => repository.operations.pack({ ...pack, journaled: true })),
    ...request.snapshots.map((snapshot) => repository.operations.snapshot(snapshot)),
    ...request.forgotten.map((id) => repository.operations.dropSnapshot(id)),
    ...(await freeing(context, compact ? [...own.index, ...orphans, ...removed] : [...orphans, ...removed])),
  ]);
}

function isLong(index: readonly StoredPack[]): boolean {
  const bytes = index.reduce((sum, { shardBytes, code }) => sum + shardBytes * code.m, 0);
  return index.length >= (bytes <= SMALL_JOURNAL_BYTES ? SMALL_JOURNAL_PACKS_MAX : JOURNAL_PACKS_MAX);
}

/** Own packs that the journal does not name yet (all, when it is written anew), and journal packs that no head names. */
async function packsToJournal(
  context: AgentContext,
  own: OwnHead,
  compact: boolean,
  removedIds: ReadonlySet<PackId>,
): Promise<{ fresh: StoredPack[]; orphans: StoredPack[]; removed: StoredPack[] }> {
  const index = new Set(own.index.map(({ packId }) => packId));
  const fresh: StoredPack[] = [];
  const orphans: StoredPack[] = [];
  const removed: StoredPack[] = [];
  for await (const pack of context.repository.packs()) {
    await context.platform.clock.pass();
    if (pack.device !== context.device) continue;
    if (removedIds.has(pack.packId)) {
      removed.push(pack);
    } else if (pack.journal) {
      if (!index.has(pack.packId)) orphans.push(pack);
    } else if (compact || !pack.journaled) {
      fresh.push(pack);
    }
  }
  return { fresh, orphans, removed };
}

async function writeJournal(
  context: AgentContext,
  request: CommitRequest,
  change: Parameters<typeof encodeJournal>[1],
): Promise<StoredPack[]> {
  const { repository, platform } = context;
  const written: { readonly number: number; readonly pack: StoredPack }[] = [];
  const writer = new PackWriter({
    kind: 'meta',
    code: request.code,
    codec: platform.codec,
    random: platform.random,
    place: async (sealed) => {
      const placed = await request.place(sealed);
      const pack = storedPack(sealed, placed, context, 'journal');
      await repository.commitPack(pack, [], placed.placements);
      written.push({ number: sealed.number, pack });
    },
  });
  try {
    for await (const part of encodeJournal(repository, change)) {
      await writer.addBundle(part);
      await platform.clock.pass();
    }
    await writer.finish();
  } catch (error) {
    await writer.settle();
    throw error;
  }
  return written.sort((a, b) => a.number - b.number).map(({ pack }) => pack);
}

/** What the index keeps of a pack just placed. */
export function storedPack(
  sealed: SealedPack,
  placed: PlacedPack,
  context: AgentContext,
  role: 'content' | 'journal',
): StoredPack {
  return {
    packId: sealed.packId,
    salt: sealed.salt,
    kind: sealed.kind,
    code: sealed.code,
    shardBytes: placed.shardBytes,
    bundles: sealed.lengths,
    device: context.device,
    deadSince: undefined,
    journaled: role === 'journal',
    journal: role === 'journal',
    awaited: placed.awaited,
  };
}

/** Operations that forget packs here and mark their shards for release once the new head is acknowledged. */
async function freeing(context: AgentContext, packs: readonly StoredPack[]): Promise<RepositoryOperation[]> {
  const { repository } = context;
  const operations: RepositoryOperation[] = [];
  for (const pack of packs) {
    operations.push(...repository.operations.dropPack(pack.packId));
    for (const placement of await repository.rows.placements(pack.packId)) {
      operations.push(
        ...repository.operations.dropPlacement(placement),
        repository.operations.release(placement),
      );
    }
  }
  return operations;
}

/** Whether the newest own head names every partner that holds a piece: who restores asks all that it names. True before the first backup. */
export async function headNamesHolders(context: AgentContext): Promise<boolean> {
  const { repository, platform, keys, cooperation } = context;
  const { sealed } = await repository.ownHead();
  if (!sealed) return true;
  const { partners } = await openHead(platform.crypto, keys, sealed);
  const named = new Set(partners.map(({ device }) => device));
  const unnamed = new Set(
    cooperation.partners().flatMap(({ device }) => (named.has(device) ? [] : [device])),
  );
  if (unnamed.size === 0) return true;
  for await (const { holder } of repository.rows.allPlacements()) if (unnamed.has(holder)) return false;
  return true;
}

/** A new head that leads to the same packs, and names the partners as they are now. Nothing happens before the first backup. */
export async function renewHead(context: AgentContext): Promise<void> {
  const { repository } = context;
  const own = await repository.ownHead();
  if (!own.sealed) return;
  const next = await makeHead(context, own, own.index);
  await repository.apply([repository.operations.ownHead(next)]);
}

async function makeHead(context: AgentContext, own: OwnHead, index: readonly StoredPack[]): Promise<OwnHead> {
  const { cooperation, keys, platform, signer, certificate, device, deviceLabel } = context;
  const { roster } = cooperation;
  const seq = own.seq + 1;
  const sealed = await sealHead(platform.crypto, keys, signer, certificate, {
    account: keys.account,
    device,
    cooperative: roster.cooperative,
    roster: { length: roster.length, head: roster.head },
    seq,
    prevHash: own.hash,
    index: index.map(({ packId, salt, kind, code, shardBytes, bundles }) => ({
      packId,
      salt,
      kind,
      code,
      shardBytes,
      bundles,
    })),
    partners: cooperation
      .partners()
      .map((p) => ({ device: p.device, account: p.account, agreement: p.agreement.id })),
    savedAt: platform.clock.now(),
    deviceLabel,
  });
  return { seq, hash: await platform.crypto.sha256(sealed), index, acknowledged: false, sealed };
}

/**
 * Brings the newest own head to the partners. It counts as acknowledged when so many have it that one is left after any `k`
 * of the holders of the journal are gone that it can do without; the broker's mailbox gets a copy, too. Nothing happens when it is acknowledged.
 * @throws RoostError 'too-few' when too few took it
 */
export async function publishHead(
  context: AgentContext,
  signal?: AbortSignalLike,
  onReached?: OnReached,
): Promise<void> {
  const { cooperation, keys, platform, repository } = context;
  const own = await repository.ownHead();
  const head = own.sealed;
  if (!head || own.acknowledged) return;
  // A holder counts once, however many agreements there are with it.
  const partners = onePerDevice(
    cooperation.partners().filter(({ state }) => state === 'active' || state === 'suspect'),
  );
  const leftCopy = leaveCopy(context, head);
  let reached = 0;
  onReached?.({ reached, of: partners.length });
  const outcomes = await mapLimited(partners, HEAD_SENDS_UNDER_WAY, async ({ device }) => {
    try {
      if (cooperation.notes.headOf(device) < own.seq) {
        const remote = await cooperation.session(device, signal ? { signal } : {});
        await remote.putHead(keys.rendezvous, head);
        cooperation.notes.headTaken(device, own.seq);
      }
      onReached?.({ reached: ++reached, of: partners.length });
      return true;
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.warn('head not taken', { device, fault: faultOf(error) });
      return false;
    }
  });
  await leftCopy;
  const taken = outcomes.filter(Boolean).length;
  const needed = await holdersNeeded(context, own);
  if (taken < needed) {
    throw new RoostError('too-few', `the record of this run reached ${taken} partners, ${needed} are needed`);
  }
  await repository.apply([repository.operations.ownHead({ ...own, acknowledged: true })]);
}

/**
 * So many that the head outlives as many losses as the journal that it leads to.
 * @throws RoostError 'too-few' when that cannot be read itself
 */
async function holdersNeeded({ repository }: AgentContext, { index }: OwnHead): Promise<number> {
  const newest = index.at(-1);
  if (newest === undefined) return 1;
  const { m, k } = newest.code;
  const placements = await repository.rows.placements(newest.packId);
  const shards = new Set(placements.map(({ shard }) => shard)).size;
  if (shards < m) {
    throw new RoostError('too-few', `the record of this run needs ${m} pieces, ${shards} have a holder`);
  }
  const holders = new Set(placements.map(({ holder }) => holder)).size;
  return Math.max(1, Math.min(k, holders - m) + 1);
}

async function leaveCopy(context: AgentContext, head: Bytes): Promise<void> {
  const { cooperation, keys } = context;
  try {
    await cooperation.leaveHead(keys.rendezvous, head);
  } catch (error) {
    // The broker is optional: partners have the head.
    context.platform.log.info('broker did not take a copy of the head', { fault: faultOf(error) });
  }
}
