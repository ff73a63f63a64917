import { Life, DeviceClock } from '../../../src/adapters/memory/life.ts';
import { MemoryBlobStore } from '../../../src/adapters/memory/memory-blob-store.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { ShardStore } from '../../../src/agent/host/shard-store.ts';
import type { PutRequest } from '../../../src/agent/host/shard-store.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { createNobleSuite } from '../../../src/core/crypto/noble.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { packIdFromBytes, parseAgreementId } from '../../../src/core/ids.ts';
import { GIB, SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import type { Log } from '../../../src/ports/log.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { hashOfShard } from '../../sim/shard-hash.ts';

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const agreementNumber = (n: number): AgreementId => parseAgreementId(n.toString(16).padStart(32, '0'));
export const A = agreementNumber(0xa);

export interface Shard {
  readonly row: LedgerRow;
  readonly sealed: Bytes;
}

/** A shard whose bytes follow from its row number (and `salt`). */
export function shard(row: number, bytes: number, salt = 0): Shard {
  const sealed = patternBytes(bytes, row * 1000 + salt + 1);
  return {
    sealed,
    row: {
      row,
      packId: packIdFromBytes(patternBytes(16, row + 77)),
      shard: row % 7,
      bytes,
      segments: Math.ceil(bytes / SEALED_SEGMENT_BYTES),
      hash: hashOfShard(sealed),
    },
  };
}

export interface Bench {
  readonly disk: MemoryDisk;
  open(offered?: number): Promise<ShardStore>;
}

/** A disk, and shard stores on it: each `open` is a restart after a crash or a clean end. */
export function bench(seed: string | number, capacity = 64 * GIB): Bench {
  const random = new SeededRandom(seed);
  const disk = new MemoryDisk(random, { capacity });
  const crypto = createNobleSuite((length) => random.bytes(length));
  const world = new VirtualClock();
  return {
    disk,
    open: (offered = 10 * GIB) => {
      disk.restart();
      const life = new Life();
      disk.onCrash(() => life.end());
      return ShardStore.open({
        blobs: new MemoryBlobStore(disk, life, { storageClass: 'tab', persisted: false }),
        meta: new MemoryMetaStore(disk, life),
        crypto,
        clock: new DeviceClock(world, life, { ms: 0 }),
        log: SILENT,
        offered: () => offered,
      });
    },
  };
}

export const request = ({ row }: Shard, agreement: AgreementId = A, limit = 10 * GIB): PutRequest => ({
  agreement,
  row,
  group: [agreement],
  limit,
});

/** Puts a whole shard as a session does. */
export async function putShard(store: ShardStore, of: Shard, put = request(of)): Promise<'have' | 'stored'> {
  const receiver = await store.put(put);
  if (receiver === 'have') return 'have';
  for (const segment of segmentsOf(of.sealed)) await receiver.segment(segment);
  await receiver.commit();
  return 'stored';
}

export function segmentsOf(sealed: Bytes): Bytes[] {
  const segments: Bytes[] = [];
  for (let at = 0; at < sealed.length; at += SEALED_SEGMENT_BYTES) {
    segments.push(sealed.slice(at, at + SEALED_SEGMENT_BYTES));
  }
  return segments;
}

export async function getShard(store: ShardStore, { row }: Shard, agreement = A): Promise<Bytes> {
  return concatBytes(...(await store.get(agreement, row.row, 0, row.segments)));
}
