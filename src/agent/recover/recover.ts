import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { openHead } from '../../core/snapshot/head.ts';
import type { Head } from '../../core/snapshot/types.ts';
import type { RecoveryReport } from '../api.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import { readLedger } from '../ledgers/reconcile.ts';
import { mapLimited } from '../limiter.ts';
import type { Partner } from '../network/types.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import { replayPart } from '../repository/journal.ts';
import type { Placement } from '../repository/records.ts';
import type { ChunkReader } from '../restore/chunk-reader.ts';
import type { Remote } from '../session/types.ts';

const PARTNERS_UNDER_WAY = 8;
/** Liars assumed among the holders that answer (see docs/security.md). */
const LIARS_ASSUMED = 1;

export interface RecoverRun {
  readonly reader: ChunkReader;
  readonly meter: ProgressMeter;
  /** devices that are said to hold heads of this account */
  readonly holders: readonly DeviceId[];
  /** copies of heads from the broker's mailbox */
  readonly mailbox: readonly Bytes[];
  readonly signal: AbortSignalLike | undefined;
}

/** Head of a device with its sealed bytes. */
interface KnownHead {
  readonly head: Head;
  readonly sealed: Bytes;
}

/**
 * Brings an account back to a fresh device: heads from as many partners as answer, then partners, ledgers, journal. Afterwards
 * every snapshot can be browsed and restored.
 * @throws RoostError 'not-found' when nobody has a head, 'too-few' when the journal cannot be read
 */
export async function recoverAccount(context: AgentContext, run: RecoverRun): Promise<RecoveryReport> {
  const { repository, cooperation } = context;
  run.meter.phase('locating');
  const heads = new Map<DeviceId, KnownHead>();
  for (const sealed of run.mailbox) await keepNewest(context, heads, sealed);
  const read = new Set<DeviceId>();
  const asked = new Set<DeviceId>([context.device]);
  // Heads name partners, who may have newer heads, which may name more partners.
  const unasked = (): DeviceId[] => {
    const named = [...heads.values()].flatMap(({ head }) => head.partners.map(({ device }) => device));
    return [...new Set([...run.holders, ...named])].filter((device) => !asked.has(device));
  };
  for (let batch = unasked(); batch.length > 0; batch = unasked()) {
    for (const device of batch) asked.add(device);
    await mapLimited(batch, PARTNERS_UNDER_WAY, async (device) => {
      if (await askPartner(context, run, device, heads)) read.add(device);
    });
  }
  if (heads.size === 0) {
    throw new RoostError('not-found', 'no partner and no broker knows a backup of these words');
  }
  for (const { head, sealed } of heads.values()) {
    throwIfAborted(run.signal);
    for (const pack of head.index) {
      for (const part of await run.reader.journalBundles(pack, run.signal))
        await replayPart(repository, head.device, part);
    }
    await repository.apply([repository.operations.head(head.device, sealed)]);
  }
  const named = new Set([...heads.values()].flatMap(({ head }) => head.partners.map(({ device }) => device)));
  return {
    cooperative: cooperation.roster.name,
    snapshots: (await repository.snapshots()).length,
    heads: heads.size,
    partnersRead: read.size,
    partners: named.size,
    warning: warning(read.size, named.size),
  };
}

/** With `w` of `n` holders having the newest head and `f` liars, `n − w + 1 + f` must be read to be sure to see it. */
function warning(read: number, partners: number): string | undefined {
  const written = Math.floor(partners / 2) + 1;
  const safe = Math.min(partners, partners - written + 1 + LIARS_ASSUMED);
  if (read >= safe) return undefined;
  return `only ${read} of ${partners} partners answered, ${safe} are needed to be sure that this is the newest state`;
}

async function askPartner(
  context: AgentContext,
  run: RecoverRun,
  device: DeviceId,
  heads: Map<DeviceId, KnownHead>,
): Promise<boolean> {
  const { cooperation, keys, platform, repository } = context;
  try {
    const remote = await cooperation.session(device, run.signal ? { signal: run.signal } : {});
    for (const sealed of await remote.heads(keys.rendezvous)) await keepNewest(context, heads, sealed);
    for (const encoded of await remote.agreements()) {
      const partner = await cooperation.adopt(encoded, device);
      await repository.putPlacements(await placementsAt(remote, partner));
    }
    return true;
  } catch (error) {
    if (faultOf(error) === 'aborted') throw error;
    platform.log.info('partner not read', { device, fault: faultOf(error), message: messageOf(error) });
    return false;
  }
}

async function placementsAt(remote: Remote, partner: Partner): Promise<readonly Placement[]> {
  const rows = await readLedger(remote, partner.agreement.id);
  return rows.map((row) => ({ ...row, holder: partner.device, agreement: partner.agreement.id }));
}

/** A head that does not open, or of another account, is passed over: the next partner may have a good one. */
async function keepNewest(
  context: AgentContext,
  heads: Map<DeviceId, KnownHead>,
  sealed: Bytes,
): Promise<void> {
  const { platform, keys } = context;
  try {
    const head = await openHead(platform.crypto, keys, sealed);
    const known = heads.get(head.device);
    if (!known || known.head.seq < head.seq) heads.set(head.device, { head, sealed });
  } catch (error) {
    platform.log.warn('a head does not verify', { fault: faultOf(error), message: messageOf(error) });
  }
}
