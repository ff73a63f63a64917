import { totalShards } from '../../core/erasure/codes.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { PackId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { PackPlacer } from '../backup/pack-placer.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import type { Partner } from '../network/types.ts';
import type { Placement, StoredPack } from '../repository/records.ts';
import type { PackReader } from '../restore/pack-reader.ts';

export interface CompletePacks {
  readonly partners: readonly Partner[];
  readonly placer: PackPlacer;
  readonly reader: PackReader;
  readonly signal: AbortSignalLike | undefined;
}

export interface Completed {
  readonly remade: number;
  /** packs that still miss pieces */
  readonly incomplete: number;
  /** packs with fewer than `m` pieces anywhere: their content is read from the source again, and the next head frees them */
  readonly lost: readonly PackId[];
}

/**
 * Remakes pieces that holders lost or never got, on partners that hold none of the pack. A pack that cannot be read any more
 * gives up its chunks, so that the run after it stores them anew from the files.
 */
export async function completePacks(context: AgentContext, work: CompletePacks): Promise<Completed> {
  const { repository, platform, device } = context;
  let remade = 0;
  let incomplete = 0;
  const lost: PackId[] = [];
  for await (const pack of repository.packs()) {
    throwIfAborted(work.signal);
    const placements = await repository.placements(pack.packId);
    const missing = missingShards(pack, placements);
    if (missing.length === 0) continue;
    if (totalShards(pack.code) - missing.length < pack.code.m) {
      await giveUp(context, pack);
      if (pack.device === device) lost.push(pack.packId);
      continue;
    }
    // Another device of the account cares for its packs itself; only what it lost for good must not be relied on here.
    if (pack.device !== device) continue;
    try {
      const added = await remake(context, work, pack, placements, missing);
      remade += added;
      if (added < missing.length) incomplete++;
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.warn('pack not completed', {
        pack: pack.packId,
        fault: faultOf(error),
        message: messageOf(error),
      });
      incomplete++;
    }
  }
  return { remade, incomplete, lost };
}

/** Shard numbers of a pack that no holder has. */
function missingShards(pack: StoredPack, placements: readonly Placement[]): number[] {
  const placed = new Set(placements.map(({ shard }) => shard));
  return Array.from({ length: totalShards(pack.code) }, (_, shard) => shard).filter(
    (shard) => !placed.has(shard),
  );
}

async function remake(
  context: AgentContext,
  work: CompletePacks,
  pack: StoredPack,
  placements: readonly Placement[],
  missing: readonly number[],
): Promise<number> {
  const { repository, platform } = context;
  const holders = new Set(placements.map(({ holder }) => holder));
  const spares = work.partners.filter(({ device }) => !holders.has(device));
  if (spares.length === 0) return 0;
  const present = await work.reader.dataShards(pack, work.signal);
  const added: Placement[] = [];
  const wanted = [...missing];
  while (wanted.length > 0) {
    const spare = spares.shift();
    if (!spare) break;
    const shard = wanted[0] ?? 0;
    try {
      const remakeFor = (
        seal: Parameters<Parameters<PackPlacer['add']>[0]>[0],
      ): ReturnType<Parameters<PackPlacer['add']>[0]> =>
        platform.codec.remakeShard({
          code: pack.code,
          shardBytes: pack.shardBytes,
          present: present.map((p) => ({ shard: p.shard, bytes: p.bytes.slice() })),
          seal,
        });
      added.push(await work.placer.add(remakeFor, { packId: pack.packId, shard }, spare));
      wanted.shift();
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.warn('remade piece not taken', { device: spare.device, fault: faultOf(error) });
    }
  }
  await repository.commitPack(pack, [], added);
  return added.length;
}

async function giveUp(context: AgentContext, pack: StoredPack): Promise<void> {
  const { repository } = context;
  const places = await repository.chunkPlaces(pack.chunks);
  await repository.apply(
    pack.chunks
      .filter((_, i) => places[i]?.packId === pack.packId)
      .map((id) => repository.operations.dropChunk(id)),
  );
}
