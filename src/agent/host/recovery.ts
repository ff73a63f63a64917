import type { Bytes } from '../../core/bytes.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { scanAll } from '../store/paging.ts';
import { TABLES } from '../store/tables.ts';
import { GATHERED_VOLUMES } from '../store/volume-names.ts';
import type { CommitQueue } from './commits.ts';
import type { HeldRow } from './held-row.ts';
import { decodeHeldRow, heldRowKey } from './held-row.ts';
import { markLost } from './lost.ts';
import type { Totals } from './totals.ts';
import type { Volumes } from './volumes.ts';

/**
 * Brings rows and volumes together after a start: fills the totals, cuts off what no row covers at the end of a volume,
 * removes volumes without rows, drops rows that cannot be read, and marks rows as lost whose bytes are beyond the end of what
 * is there.
 */
export async function recover(parts: {
  readonly blobs: BlobStore;
  readonly meta: MetaStore;
  readonly log: Log;
  readonly totals: Totals;
  readonly volumes: Volumes;
  readonly commits: CommitQueue;
}): Promise<void> {
  const { blobs, meta, log, totals, volumes, commits } = parts;
  const present = new Map((await blobs.list()).map(({ volume, bytes }) => [volume, bytes]));
  const ends = new Map<string, number>();
  for await (const { key, value } of scanAll(meta, TABLES.heldRows)) {
    const held = readable(key, value);
    if (held === undefined) {
      // Its owner finds it missing in the ledger and makes the piece anew; the other rows are as good as before.
      log.warn('store.row-damaged', { row: key });
      await meta.write([{ kind: 'delete', table: TABLES.heldRows, key }]);
      continue;
    }
    totals.change(undefined, held);
    volumes.skip(held.volume);
    if (held.lost) continue;
    const end = held.offset + held.bytes;
    if (end > (present.get(held.volume) ?? 0)) await markLost(commits, log, held, 'missing');
    else ends.set(held.volume, Math.max(ends.get(held.volume) ?? 0, end));
  }
  for (const [volume, bytes] of present) {
    const end = ends.get(volume);
    if (volume.startsWith(GATHERED_VOLUMES)) continue;
    if (end === undefined) {
      volumes.skip(volume);
      await blobs.remove(volume);
      continue;
    }
    if (end < bytes) {
      log.info('store.tail-cut', { volume, bytes: bytes - end });
      await blobs.truncate(volume, end);
    }
    volumes.add(volume, end);
  }
}

/** A row that says of itself that it lies elsewhere is damaged, too. */
function readable(key: string, value: Bytes): HeldRow | undefined {
  try {
    const held = decodeHeldRow(value);
    return heldRowKey(held.agreement, held.row) === key ? held : undefined;
  } catch {
    return undefined;
  }
}
