import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { RecoveryReport } from '../api.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { ChunkReader } from '../restore/chunk-reader.ts';
import type { KnownHeads } from './heads.ts';
import { askPartner, keepNewest, safeReads, takeIn } from './heads.ts';

const PARTNERS_UNDER_WAY = 8;

export interface RecoverRun {
  readonly reader: ChunkReader;
  readonly meter: ProgressMeter;
  /** devices that are said to hold heads of this account */
  readonly holders: readonly DeviceId[];
  /** copies of heads from the broker's mailbox */
  readonly mailbox: readonly Bytes[];
  readonly signal: AbortSignalLike | undefined;
}

/**
 * Brings an account back to a fresh device: heads from as many partners as answer, then partners, ledgers, journal. Afterwards
 * every snapshot can be browsed and restored.
 * @throws RoostError 'not-found' when nobody has a head, 'too-few' when the journal cannot be read
 */
export async function recoverAccount(context: AgentContext, run: RecoverRun): Promise<RecoveryReport> {
  const { repository, cooperation } = context;
  run.meter.phase('locating');
  const heads: KnownHeads = new Map();
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
      if (await askPartner(context, device, heads, run.signal)) read.add(device);
    });
  }
  if (heads.size === 0) {
    throw new RoostError('not-found', 'no partner and no broker knows a backup of these words');
  }
  for (const [device, head] of heads) {
    throwIfAborted(run.signal);
    // What this device saved itself it knows better than any copy.
    if (device !== context.device) await takeIn(context, head, run.reader, run.signal);
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

function warning(read: number, partners: number): string | undefined {
  const safe = safeReads(partners);
  if (read >= safe) return undefined;
  return `only ${read} of ${partners} partners answered, ${safe} are needed to be sure that this is the newest state`;
}
