import type { AgreementId } from '../../core/ids.ts';
import type { ShardStore } from './shard-store.ts';

/** Rows released in one durable step. */
const BATCH_ROWS = 500;

/** Drops everything that is held under some agreements; resolves when durable. @returns pieces dropped */
export async function dropAll(store: ShardStore, agreements: readonly AgreementId[]): Promise<number> {
  let dropped = 0;
  for (const agreement of agreements) {
    for (;;) {
      const rows = await store.ledger(agreement, -1, BATCH_ROWS);
      if (rows.length === 0) break;
      await store.release(
        agreement,
        rows.map(({ row }) => row),
      );
      dropped += rows.length;
    }
  }
  return dropped;
}
