import { equalBytes } from '../../core/bytes.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import { ledgerDigest } from '../../core/ledger/row.ts';
import type { AgreementId, DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { AgentContext } from '../context.ts';
import type { LedgerName } from '../network/types.ts';
import type { Remote } from '../session/types.ts';
import type { Placement } from '../repository/records.ts';

export interface Reconciled {
  readonly holder: DeviceId;
  /** shards that the holder does not have any more */
  readonly lost: readonly Placement[];
}

/** Rows at a holder of which nothing is known here: all of a lost device, what crashed runs left. More is a holder that makes them up. */
const UNKNOWN_ROWS_MAX = 1_000_000;

/**
 * Compares our side of every reachable holder's ledgers with the holder's: by digest first, row by row when they differ.
 * Shards the holder lacks are struck from the index; rows we do not know are marked for release.
 */
export async function reconcileLedgers(
  context: AgentContext,
  signal?: AbortSignalLike,
): Promise<readonly Reconciled[]> {
  const { repository, cooperation, platform } = context;
  const online = new Set(
    cooperation.partners().flatMap((partner) => (partner.online ? [partner.device] : [])),
  );
  const results: Reconciled[] = [];
  for (const ledger of cooperation.ledgers()) {
    if (!online.has(ledger.holder)) continue;
    try {
      const remote = await cooperation.session(ledger.holder, signal ? { signal } : {});
      const rows = await repository.ledger(ledger.agreement);
      results.push({ holder: ledger.holder, lost: await compareLedger(context, remote, ledger, rows) });
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('ledger not compared', { device: ledger.holder, fault: faultOf(error) });
    }
  }
  return results;
}

/**
 * Compares one ledger; may be called beside a run that places pieces.
 * @param ours our rows of it, ascending
 * @returns rows that the holder does not have any more; they are struck here already
 */
export async function compareLedger(
  context: AgentContext,
  remote: Remote,
  { agreement, holder, adopted }: LedgerName,
  ours: readonly Placement[],
): Promise<readonly Placement[]> {
  const { repository } = context;
  const digest = await digestOf(remote, agreement);
  if (digest === undefined) {
    await repository.removePlacements(ours);
    return ours;
  }
  if (digest.rows === ours.length && equalBytes(digest.digest, ledgerDigest(ours.map(ledgerRow)).digest))
    return [];
  const read = await readLedger(remote, agreement, ours.length + UNKNOWN_ROWS_MAX);
  const theirs = new Map(read.map((row) => [row.row, row]));
  const lost = ours.filter((placement) => {
    const row = theirs.get(placement.row);
    theirs.delete(placement.row);
    return row === undefined || !equalBytes(row.sha256, placement.sha256);
  });
  await repository.removePlacements(lost);
  // An adopted ledger may serve other devices of the account: only rows of our own agreements are ours to release.
  if (!adopted) {
    const unknown = await repository.unknownRows(
      agreement,
      [...theirs.values()].map(({ packId, shard, row }) => ({ packId, shard, row, holder })),
    );
    await repository.markForRelease(unknown.map((row) => ({ agreement, row })));
  }
  return lost;
}

/** Undefined when the holder has forgotten the agreement, and all it kept under it: its platform took its records away. */
async function digestOf(
  remote: Remote,
  agreement: AgreementId,
): Promise<Awaited<ReturnType<Remote['ledgerDigest']>> | undefined> {
  try {
    return await remote.ledgerDigest(agreement);
  } catch (error) {
    if (faultOf(error) === 'not-found') return undefined;
    throw error;
  }
}

/** A holder's whole ledger for one agreement. @throws RoostError 'malformed' when it has more than `max` rows */
async function readLedger(
  remote: Remote,
  agreement: AgreementId,
  max: number,
): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (;;) {
    const batch = await remote.ledger(agreement, rows.at(-1)?.row ?? 0);
    if (batch.length === 0) return rows;
    rows.push(...batch);
    if (rows.length > max)
      throw new RoostError('malformed', `ledger must have at most ${max} rows, got more`);
  }
}

/**
 * Takes over what a holder keeps under an agreement of another device of the account. Rows that are about to be released are left
 * out: they are no placements any more.
 */
export async function takeLedger(
  context: AgentContext,
  remote: Remote,
  agreement: AgreementId,
): Promise<void> {
  const { repository } = context;
  const going = new Set(await repository.releases(agreement));
  const rows = (await readLedger(remote, agreement, UNKNOWN_ROWS_MAX)).filter(({ row }) => !going.has(row));
  await repository.putPlacements(rows.map((row) => ({ ...row, holder: remote.peer.device, agreement })));
}

function ledgerRow({ row, packId, shard, bytes, segments, sha256 }: Placement): LedgerRow {
  return { row, packId, shard, bytes, segments, sha256 };
}
