import type { Bytes } from '../../core/bytes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import { isWeak } from '../../core/erasure/codes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { ChunkId, PackId, SnapshotId } from '../../core/ids.ts';
import { PACK_TARGET_BYTES } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Snapshot } from '../../core/snapshot/types.ts';
import type { PackKind } from '../../ports/codec.ts';
import type { KeepRules } from '../api.ts';
import { commitRun, publishHead, storedPack } from '../backup/head-writer.ts';
import type { PackPlacer } from '../backup/pack-placer.ts';
import { PackWriter } from '../backup/pack-writer.ts';
import type { AgentContext } from '../context.ts';
import type { OthersKnown } from '../recover/other-devices.ts';
import type { StoredPack } from '../repository/records.ts';
import { readTree } from '../repository/tree-reader.ts';
import type { ChunkReader } from '../restore/chunk-reader.ts';
import { snapshotsToKeep } from './keep-rules.ts';

/** Another device of the account may have begun a snapshot that refers to a pack we think dead. */
const SHARED_PACK_GRACE_MS = 30 * 24 * 3_600_000;
/** A pack with a smaller share of live bytes is written anew. */
const LIVE_SHARE_MIN = 0.5;
/** More packs than these that are smaller than this are joined: a pack costs its holders the same however little is in it. */
const SMALL_PACK_BYTES = PACK_TARGET_BYTES / 8;
const SMALL_PACKS_MAX = 4;

const PACK_KINDS = ['data', 'meta'] as const satisfies readonly PackKind[];

export interface ForgetRun {
  readonly rules: KeepRules;
  readonly code: Code;
  readonly placer: PackPlacer;
  readonly reader: ChunkReader;
  /** what is known of other devices of the account, which may need what this one does not */
  readonly others: OthersKnown;
  readonly signal: AbortSignalLike | undefined;
}

export interface ForgetOutcome {
  readonly forgotten: readonly SnapshotId[];
  readonly releasedBytes: number;
}

/**
 * Drops this device's snapshots that no rule keeps and frees packs that no snapshot of any device needs. Nothing is released
 * before the head that no longer needs it is acknowledged.
 */
export async function forget(context: AgentContext, run: ForgetRun): Promise<ForgetOutcome> {
  const { repository, device } = context;
  if (Object.values(run.rules).every((count) => (count ?? 0) <= 0)) {
    throw new RoostError('usage', 'at least one rule must keep something, got none');
  }
  const all = await repository.snapshots();
  const own = all.filter((snapshot) => snapshot.device === device);
  const keep = snapshotsToKeep(own, run.rules);
  const forgotten = own.filter(({ id }) => !keep.has(id)).map(({ id }) => id);
  const gone = new Set(forgotten);
  const remaining = all.filter(({ id }) => !gone.has(id));
  const live = await liveChunks(run, remaining);
  const { removed, thin } = await sortPacks(context, live, run);
  for (const kind of PACK_KINDS) {
    removed.push(
      ...(await rewrite(
        context,
        run,
        thin.filter((pack) => pack.kind === kind),
        live,
      )),
    );
  }
  await commitRun(context, {
    snapshots: [],
    removedPacks: removed.map(({ packId }) => packId),
    forgotten,
    code: run.code,
    place: (pack) => run.placer.place(pack),
  });
  await publishHead(context, run.signal);
  await repository.cache.keepTreeChunks(live);
  return { forgotten, releasedBytes: removed.reduce((sum, pack) => sum + storedBytes(pack), 0) };
}

/** Every chunk that a snapshot needs: of its trees and of its files. */
async function liveChunks(run: ForgetRun, snapshots: readonly Snapshot[]): Promise<Set<ChunkId>> {
  const live = new Set<ChunkId>();
  const visit = async (ids: readonly ChunkId[]): Promise<void> => {
    // A folder stored once needs one visit, however many snapshots share it.
    if (ids.length > 0 && ids.every((id) => live.has(id))) return;
    for (const id of ids) live.add(id);
    for (const entry of (await readTree(run.reader, ids, run.signal)).entries) {
      if (entry.kind === 'folder') await visit(entry.chunks);
      else for (const id of entry.chunks) live.add(id);
    }
  };
  for (const { root } of snapshots) await visit(root);
  return live;
}

/**
 * Own packs without a live byte, and those to be written anew: with few of them, one of many small ones, or one saved when too few
 * partners were in reach for a code that bears much.
 */
async function sortPacks(
  context: AgentContext,
  live: ReadonlySet<ChunkId>,
  { others, code }: Pick<ForgetRun, 'others' | 'code'>,
): Promise<{ removed: StoredPack[]; thin: StoredPack[] }> {
  const { repository, platform, device } = context;
  const now = platform.clock.now();
  const alone = others === 'none';
  const freedBefore = others === 'unsure' ? -Infinity : now - SHARED_PACK_GRACE_MS;
  const removed: StoredPack[] = [];
  const thin: StoredPack[] = [];
  const small: StoredPack[] = [];
  for await (const pack of repository.packs()) {
    if (pack.device !== device || pack.journal) continue;
    let liveBytes = 0;
    let bytes = 0;
    for (const { id, length } of await repository.chunksOf(pack.packId)) {
      bytes += length;
      if (live.has(id)) liveBytes += length;
    }
    if (liveBytes > 0) {
      if (pack.deadSince !== undefined)
        await repository.apply([repository.operations.pack({ ...pack, deadSince: undefined })]);
      if (!alone) continue;
      if (liveBytes < bytes * LIVE_SHARE_MIN || isWeak(pack.code, code)) thin.push(pack);
      else if (pack.shardBytes * pack.code.m < SMALL_PACK_BYTES) small.push(pack);
    } else if (alone || (pack.deadSince !== undefined && pack.deadSince < freedBefore)) {
      removed.push(pack);
    } else if (pack.deadSince === undefined) {
      await repository.apply([repository.operations.pack({ ...pack, deadSince: now })]);
    }
  }
  for (const kind of PACK_KINDS) {
    const alike = small.filter((pack) => pack.kind === kind);
    if (alike.length > SMALL_PACKS_MAX) thin.push(...alike);
  }
  return { removed, thin };
}

/** Copies the live chunks of packs of one kind to new ones; those they lay in are dead then. What cannot be read now stays where it is. */
async function rewrite(
  context: AgentContext,
  run: ForgetRun,
  thin: readonly StoredPack[],
  live: ReadonlySet<ChunkId>,
): Promise<readonly StoredPack[]> {
  const { platform, repository } = context;
  const kind = thin[0]?.kind;
  if (kind === undefined) return [];
  const moved: StoredPack[] = [];
  const writer = new PackWriter({
    kind,
    code: run.code,
    codec: platform.codec,
    random: platform.random,
    place: async (sealed) => {
      const placed = await run.placer.place(sealed);
      await repository.commitPack(
        storedPack(sealed, placed, context, 'content'),
        sealed.chunks,
        placed.placements,
      );
    },
  });
  try {
    for (const pack of thin) if (await move(context, run, pack, live, writer)) moved.push(pack);
    await writer.finish();
  } finally {
    await writer.settle();
  }
  return moved;
}

/** @returns false when the pack cannot be read now: what was copied of it lies twice until another time */
async function move(
  context: AgentContext,
  run: ForgetRun,
  pack: StoredPack,
  live: ReadonlySet<ChunkId>,
  writer: PackWriter,
): Promise<boolean> {
  for (const { id } of await context.repository.chunksOf(pack.packId)) {
    if (!live.has(id)) continue;
    let content: Bytes;
    try {
      content = await run.reader.chunk(id, run.signal);
    } catch (error) {
      if (faultOf(error) !== 'too-few') throw error;
      context.platform.log.info('pack not joined', { pack: pack.packId, message: messageOf(error) });
      return false;
    }
    await writer.add(id, content);
  }
  return true;
}

function storedBytes(pack: {
  readonly packId: PackId;
  readonly shardBytes: number;
  readonly code: Code;
}): number {
  return pack.shardBytes * (pack.code.m + pack.code.k);
}
