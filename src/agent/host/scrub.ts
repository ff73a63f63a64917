import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { faultOf } from '../../core/errors.ts';
import type { AgreementId } from '../../core/ids.ts';
import { shardHash } from '../../core/snapshot/shard.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { TABLES } from '../store/tables.ts';
import type { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { decodeHeldRow } from './held-row.ts';
import { markLost } from './lost.ts';

export interface ScrubResult {
  readonly rows: number;
  readonly bytes: number;
  /** rows found damaged in this call */
  readonly lost: readonly { readonly agreement: AgreementId; readonly row: number }[];
  /** pass as `after` to go on; undefined when the end was reached */
  readonly next: string | undefined;
}

/** Re-hashes up to `limit` rows after a place; rows whose bytes do not fit are marked lost. */
export async function scrubRows(
  parts: {
    readonly meta: MetaStore;
    readonly crypto: CryptoSuite;
    readonly commits: CommitQueue;
    readonly log: Log;
    /** All bytes of a row, wherever it lies now. @throws RoostError 'not-found' when released, 'corrupt' when lost */
    readonly readWhole: (held: HeldRow) => Promise<{ readonly held: HeldRow; readonly data: Bytes }>;
  },
  range: { readonly after: string | undefined; readonly limit: number },
): Promise<ScrubResult> {
  const { meta, crypto, commits, log, readWhole } = parts;
  const lost: { agreement: AgreementId; row: number }[] = [];
  let bytes = 0;
  const isWhole = async (row: HeldRow): Promise<boolean> => {
    try {
      const { held, data } = await readWhole(row);
      if (equalBytes(await shardHash(crypto, data), held.hash)) return true;
      return !(await markLost(commits, log, held, 'hash'));
    } catch (error) {
      const fault = faultOf(error);
      // Released while we looked: nothing to tell.
      if (fault === 'not-found') return true;
      if (fault === 'corrupt') return false;
      throw error;
    }
  };
  const page = await meta.scan(TABLES.heldRows, {
    limit: range.limit,
    ...(range.after === undefined ? {} : { after: range.after }),
  });
  for (const { value } of page) {
    const row = decodeHeldRow(value);
    if (row.lost) continue;
    if (await isWhole(row)) bytes += row.bytes;
    else lost.push({ agreement: row.agreement, row: row.row });
  }
  const next = page.length < range.limit ? undefined : page[page.length - 1]?.key;
  return { rows: page.length, bytes, lost, next };
}
