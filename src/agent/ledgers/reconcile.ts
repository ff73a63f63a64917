import { equalBytes } from '../../core/bytes.ts';
import { PartnerError, faultOf } from '../../core/errors.ts';
import { ledgerDigest } from '../../core/ledger/row.ts';
import type { AgreementId, DeviceId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import { LEDGER_PAGE_ROWS } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import { mapLimited } from '../../core/limiter.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';
import type { LedgerName } from '../network/types.ts';
import type { Remote } from '../session/types.ts';
import type { Placement } from '../repository/records.ts';

/** Ledgers compared side by side; each may be a million rows. */
const LEDGERS_UNDER_WAY = 4;

export interface Reconciled {
  readonly holder: DeviceId;
  /** shards that the holder does not have any more */
  readonly lost: readonly Placement[];
}

/** Rows at a holder of a lost device. More is a holder that makes them up. */
const ADOPTED_ROWS_MAX = 1_000_000;
/** Rows of our own agreements of which nothing is known here: what crashed runs left. */
const LEFT_ROWS_MAX = 20_000;
/** Longer no ledger takes: a million rows are some tens of megabytes. */
const LEDGER_MAX_MS = 30 * 60_000;

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
  const reachable = cooperation.ledgers().filter(({ holder }) => online.has(holder));
  const compared = await mapLimited(reachable, LEDGERS_UNDER_WAY, async (ledger) => {
    const { holder, agreement } = ledger;
    try {
      const remote = await cooperation.session(holder, signal ? { signal } : {});
      const { lost } = await compareLedger(
        context,
        remote,
        ledger,
        await repository.rows.ledger(agreement),
        signal,
      );
      return [{ holder, lost }];
    } catch (error) {
      if (faultOf(error) === 'aborted') throw error;
      platform.log.info('ledger not compared', { device: holder, fault: faultOf(error) });
      return [];
    }
  });
  return compared.flat();
}

export interface Comparison {
  /** rows that the holder does not have any more; they are struck here already */
  readonly lost: readonly Placement[];
  /** what it has beside our rows: nothing, rows on their way or waiting to be released, or some of which nothing was known here */
  readonly beside: 'nothing' | 'ours' | 'unknown';
}

/**
 * Compares one ledger; may be called beside a run that places pieces.
 * @param ours our rows of it, ascending
 * @throws RoostError 'aborted', what the session throws
 */
export async function compareLedger(
  context: AgentContext,
  remote: Remote,
  { agreement, holder, adopted }: LedgerName,
  ours: readonly Placement[],
  signal?: AbortSignalLike,
): Promise<Comparison> {
  const { repository, platform } = context;
  const digest = await digestOf(remote, agreement);
  if (digest === undefined) {
    await repository.rows.removePlacements(ours);
    return { lost: ours, beside: 'nothing' };
  }
  if (digest.rows === ours.length && equalBytes(digest.digest, ledgerDigest(ours.map(ledgerRow)).digest))
    return { lost: [], beside: 'nothing' };
  const waiting = new Set(await repository.rows.releases(agreement));
  const read = await readLedger(remote, agreement, {
    clock: platform.clock,
    max: ours.length + waiting.size + LEFT_ROWS_MAX,
    signal,
  });
  const theirs = new Map(read.map((row) => [row.row, row]));
  const lost = ours.filter((placement) => {
    const row = theirs.get(placement.row);
    theirs.delete(placement.row);
    return row === undefined || !equalBytes(row.hash, placement.hash);
  });
  await repository.rows.removePlacements(lost);
  if (theirs.size === 0) return { lost, beside: 'nothing' };
  // An adopted ledger may serve other devices of the account: only rows of our own agreements are ours to release.
  if (adopted) return { lost, beside: 'unknown' };
  const unknown = await repository.rows.unknownRows(
    agreement,
    [...theirs.values()].map(({ packId, shard, row }) => ({ packId, shard, row, holder })),
  );
  const unheardOf = unknown.filter((row) => !waiting.has(row));
  // Who makes up other rows each time fills no disk of ours with them.
  if (waiting.size < LEFT_ROWS_MAX)
    await repository.rows.markForRelease(unheardOf.map((row) => ({ agreement, row })));
  return { lost, beside: unheardOf.length > 0 ? 'unknown' : 'ours' };
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

/**
 * A holder's whole ledger for one agreement: a page that is not full is its last.
 * @throws PartnerError 'malformed' when it has more than `max` rows, 'timeout' when it trickles; RoostError 'aborted'
 */
async function readLedger(
  remote: Remote,
  agreement: AgreementId,
  {
    clock,
    max,
    signal,
  }: { readonly clock: Clock; readonly max: number; readonly signal: AbortSignalLike | undefined },
): Promise<readonly LedgerRow[]> {
  const rows: LedgerRow[] = [];
  const startedAt = clock.monotonic();
  for (;;) {
    throwIfAborted(signal);
    const batch = await remote.ledger(agreement, rows.at(-1)?.row ?? 0);
    rows.push(...batch);
    if (rows.length > max)
      throw new PartnerError('malformed', `ledger must have at most ${max} rows, got more`);
    if (batch.length < LEDGER_PAGE_ROWS) return rows;
    if (clock.monotonic() - startedAt > LEDGER_MAX_MS)
      throw new PartnerError('timeout', `ledger must be told within ${LEDGER_MAX_MS / 60_000} minutes`);
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
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const { repository } = context;
  const going = new Set(await repository.rows.releases(agreement));
  const bounds = { clock: context.platform.clock, max: ADOPTED_ROWS_MAX, signal };
  const rows = (await readLedger(remote, agreement, bounds)).filter(({ row }) => !going.has(row));
  await repository.rows.putPlacements(rows.map((row) => ({ ...row, holder: remote.peer.device, agreement })));
}

function ledgerRow({ row, packId, shard, bytes, segments, hash }: Placement): LedgerRow {
  return { row, packId, shard, bytes, segments, hash };
}
