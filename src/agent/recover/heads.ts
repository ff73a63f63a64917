import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { openHead } from '../../core/snapshot/head.ts';
import type { Head } from '../../core/snapshot/types.ts';
import type { AgentContext } from '../context.ts';
import { takeLedger } from '../ledgers/reconcile.ts';
import { replayJournal } from '../repository/journal.ts';
import type { StoredPack } from '../repository/records.ts';
import type { ChunkReader } from '../restore/chunk-reader.ts';

/** Liars assumed among the holders that answer (see docs/security.md). */
const LIARS_ASSUMED = 1;

/** Head of a device with its sealed bytes. */
export interface KnownHead {
  readonly head: Head;
  readonly sealed: Bytes;
}

/** The newest head of each device found so far. */
export type KnownHeads = Map<DeviceId, KnownHead>;

/** With `w` of `n` holders having the newest head and `f` liars, `n − w + 1 + f` must be read to be sure to see it. */
export function safeReads(partners: number): number {
  const written = Math.floor(partners / 2) + 1;
  return Math.min(partners, partners - written + 1 + LIARS_ASSUMED);
}

/**
 * Takes from a partner its heads of this account, and takes over what it holds for other devices of the account.
 * @returns whether the partner could be read
 * @throws RoostError 'aborted'
 */
export async function askPartner(
  context: AgentContext,
  device: DeviceId,
  heads: KnownHeads,
  signal: AbortSignalLike | undefined,
): Promise<boolean> {
  const { cooperation, keys, platform } = context;
  try {
    const remote = await cooperation.session(device, signal ? { signal } : {});
    for (const sealed of await remote.heads(keys.rendezvous)) await keepNewest(context, heads, sealed);
    for (const encoded of await remote.agreements()) {
      const { agreement, adopted } = await cooperation.adopt(encoded, device);
      // Rows of this device's own agreements are known here, and those that are not are no placements.
      if (!adopted) continue;
      await takeLedger(context, remote, agreement.id, signal);
    }
    return true;
  } catch (error) {
    if (faultOf(error) === 'aborted') throw error;
    platform.log.info('partner not read', { device, fault: faultOf(error), message: messageOf(error) });
    return false;
  }
}

/** A head that does not open, or of another account, is passed over: the next partner may have a good one. */
export async function keepNewest(context: AgentContext, heads: KnownHeads, sealed: Bytes): Promise<void> {
  const { platform, keys } = context;
  // Most partners have the same copy.
  if ([...heads.values()].some((known) => equalBytes(known.sealed, sealed))) return;
  try {
    const head = await openHead(platform.crypto, keys, sealed);
    const known = heads.get(head.device);
    if (!known || known.head.seq < head.seq) heads.set(head.device, { head, sealed });
  } catch (error) {
    platform.log.warn('a head does not verify', { fault: faultOf(error), message: messageOf(error) });
  }
}

/** Reads the journal that a head leads to into the local tables. @throws RoostError 'too-few' when it cannot be read */
export async function takeIn(
  context: AgentContext,
  { head, sealed }: KnownHead,
  reader: ChunkReader,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const { repository } = context;
  const parts: Bytes[] = [];
  for (const pack of head.index) parts.push(...(await reader.journalBundles(pack, signal)));
  await replayJournal(repository, head.device, parts);
  await keepJournalPacks(context, head);
  await repository.apply([repository.operations.head(head.device, sealed)]);
}

/** The packs that hold another device's journal are known, too, so that somebody can repair them when that device is lost. */
async function keepJournalPacks({ repository }: AgentContext, head: Head): Promise<void> {
  const named = new Set(head.index.map(({ packId }) => packId));
  const old: StoredPack[] = [];
  for await (const pack of repository.packs()) {
    if (pack.device === head.device && pack.journal && !named.has(pack.packId)) old.push(pack);
  }
  await repository.apply([
    ...old.flatMap(({ packId }) => repository.operations.dropPack(packId)),
    ...head.index.map((pack) =>
      repository.operations.pack({
        ...pack,
        device: head.device,
        deadSince: undefined,
        journaled: true,
        awaited: [],
        journal: true,
      }),
    ),
  ]);
}
