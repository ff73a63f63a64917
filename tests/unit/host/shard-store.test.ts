import { describe, expect, it } from 'vitest';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryBlobStore } from '../../../src/adapters/memory/memory-blob-store.ts';
import { GATHERED_VOLUMES } from '../../../src/agent/store/volume-names.ts';
import { faultOf } from '../../../src/core/errors.ts';
import { ledgerDigest } from '../../../src/core/ledger/row.ts';
import { KIB, MIB, SEALED_SEGMENT_BYTES, VOLUME_MAX_BYTES } from '../../../src/core/limits.ts';
import { expectBytes, expectFault } from '../../contracts/expect-fault.ts';
import {
  A,
  agreementNumber,
  bench,
  getShard,
  putShard,
  request,
  segmentsOf,
  shard,
} from './store-harness.ts';

const B = agreementNumber(0xb);

describe('the shard store', () => {
  it('gives back what was put, whole and by segments', async () => {
    const store = await bench(1).open();
    const one = shard(1, 3 * SEALED_SEGMENT_BYTES + 500);
    expect(await putShard(store, one)).toBe('stored');
    expectBytes(await getShard(store, one), one.sealed);
    const [third, fourth] = await store.get(A, 1, 2, 2);
    expectBytes(third, one.sealed.subarray(2 * SEALED_SEGMENT_BYTES, 3 * SEALED_SEGMENT_BYTES));
    expectBytes(fourth, one.sealed.subarray(3 * SEALED_SEGMENT_BYTES));
  });

  it('refuses segments that a row does not have', async () => {
    const store = await bench(2).open();
    await putShard(store, shard(1, 100 * KIB));
    for (const [first, count] of [
      [0, 3],
      [2, 1],
      [-1, 1],
      [0, 0],
      [0.5, 1],
      [0, 2 ** 40],
    ] as const) {
      await expectFault(store.get(A, 1, first, count), 'malformed');
    }
    await expectFault(store.get(A, 2, 0, 1), 'not-found');
    await expectFault(store.get(B, 1, 0, 1), 'not-found');
  });

  it('refuses a row whose numbers do not fit one another, before any byte is taken', async () => {
    const store = await bench(3).open();
    const { row } = shard(1, 100 * KIB);
    for (const change of [
      { segments: 1 },
      { segments: 0 },
      { bytes: 0 },
      { bytes: 65_552 },
      { row: -1 },
      { row: 1.5 },
    ]) {
      await expectFault(
        store.put(request({ row: { ...row, ...change }, sealed: new Uint8Array(0) })),
        'malformed',
      );
    }
  });

  it('takes the same shard twice as one, and no other shard under its row', async () => {
    const store = await bench(4).open();
    expect(await putShard(store, shard(1, 5000))).toBe('stored');
    expect(await putShard(store, shard(1, 5000))).toBe('have');
    await expectFault(putShard(store, shard(1, 5000, 9)), 'refused');
    expect(store.usage(A)).toEqual({ rows: 1, bytes: 5000 });
  });

  it('takes the same shard put twice at once as one, and gives the space of the second back', async () => {
    const { disk, open } = bench(5);
    const store = await open();
    const one = shard(1, 300 * KIB);
    await Promise.all([putShard(store, one), putShard(store, one)]);
    expect(store.usage(A)).toEqual({ rows: 1, bytes: 300 * KIB });
    expectBytes(await getShard(store, one), one.sealed);
    await store.idle();
    expect([...disk.volumes.values()].reduce((sum, { length }) => sum + length, 0)).toBe(300 * KIB);
  });

  it('keeps nothing of a shard whose bytes are not those of its row', async () => {
    const { disk, open } = bench(6);
    const store = await open();
    const one = shard(1, 200 * KIB);
    const receiver = await store.put(request(one));
    if (receiver === 'have') throw new Error('nothing was put yet');
    const segments = segmentsOf(one.sealed);
    segments[1]![7]! ^= 1;
    for (const segment of segments) await receiver.segment(segment);
    await expectFault(receiver.commit(), 'corrupt');
    await expectFault(store.get(A, 1, 0, 1), 'not-found');
    expect([...disk.volumes.values()].every(({ length }) => length === 0)).toBe(true);
    expect(await putShard(store, one)).toBe('stored');
  });

  it('refuses segments of a wrong length, too many, and a commit that comes early', async () => {
    const store = await bench(7).open();
    const one = shard(1, 200 * KIB);
    const begin = async () => {
      const receiver = await store.put(request(one));
      if (receiver === 'have') throw new Error('nothing was put yet');
      return receiver;
    };
    await expectFault((await begin()).segment(new Uint8Array(10)), 'malformed');
    await expectFault((await begin()).segment(new Uint8Array(SEALED_SEGMENT_BYTES + 1)), 'malformed');
    const early = await begin();
    await early.segment(segmentsOf(one.sealed)[0]!);
    await expectFault(early.commit(), 'malformed');
    const long = await begin();
    for (const segment of segmentsOf(one.sealed)) await long.segment(segment);
    await expectFault(long.segment(new Uint8Array(1)), 'malformed');
    const gone = await begin();
    await gone.abort();
    await expectFault(gone.segment(segmentsOf(one.sealed)[0]!), 'aborted');
    expect(store.held).toBe(0);
    expect(await putShard(store, one)).toBe('stored');
  });

  it('keeps to the agreement, to the offer and to the disk, also with puts under way', async () => {
    const { open } = bench(8, 3 * MIB);
    const store = await open(2 * MIB);
    const limited = (row: number, limit: number) => request(shard(row, 400 * KIB), A, limit);
    const first = await store.put(limited(1, 1000 * KIB));
    const second = await store.put(limited(2, 1000 * KIB));
    const error = await expectFault(store.put(limited(3, 1000 * KIB)), 'full');
    expect(error.message).toContain(String(1000 * KIB));
    if (first === 'have' || second === 'have') throw new Error('nothing was put yet');
    await first.abort();
    await second.abort();
    for (let row = 1; row <= 5; row++) await putShard(store, shard(row, 400 * KIB));
    await expectFault(putShard(store, shard(6, 400 * KIB)), 'full');
    await store.close();
    const bigger = await open(100 * MIB);
    for (let row = 6; row <= 7; row++) await putShard(bigger, shard(row, 400 * KIB));
    await expectFault(putShard(bigger, shard(8, 400 * KIB)), 'full');
  });

  it('takes only so many pieces, however small they are', async () => {
    const store = await bench('small pieces').open();
    const limit = 500 * KIB;
    const rows = 4096 + 500;
    for (let row = 1; row <= rows; row++)
      await putShard(store, shard(row, 17), request(shard(row, 17), A, limit));
    const more = shard(rows + 1, 17);
    const error = await expectFault(store.put(request(more, A, limit)), 'full');
    expect(error.message).toContain(String(rows));
    await store.release(A, [1]);
    expect(await putShard(store, more, request(more, A, limit))).toBe('stored');
  });

  it('counts pieces under way, and no longer once they are given up', async () => {
    const store = await bench('pieces under way').open();
    const limit = 500 * KIB;
    const rows = 4096 + 500;
    for (let row = 1; row <= rows - 3; row++)
      await putShard(store, shard(row, 17), request(shard(row, 17), A, limit));
    const begin = async (row: number) => {
      const receiver = await store.put(request(shard(row, 17), A, limit));
      if (receiver === 'have') throw new Error('nothing was put yet');
      return receiver;
    };
    const begun = [await begin(rows + 1), await begin(rows + 2), await begin(rows + 3)];
    for (let row = rows + 4; row < rows + 20; row++) await expectFault(begin(row), 'full');
    // Under an agreement of the same devices it is the same allowance.
    const elsewhere = { ...request(shard(1, 17), B, limit), group: [A, B] };
    await expectFault(store.put(elsewhere), 'full');
    await begun[0]!.abort();
    await begun[0]!.abort();
    const instead = await begin(rows + 4);
    await expectFault(begin(rows + 5), 'full');
    for (const [receiver, row] of [
      [begun[1]!, rows + 2],
      [begun[2]!, rows + 3],
      [instead, rows + 4],
    ] as const) {
      await receiver.segment(shard(row, 17).sealed);
      await receiver.commit();
    }
    expect(store.usage(A).rows).toBe(rows);
    await expectFault(begin(rows + 6), 'full');
  });

  it('gives back at once what a put that is given up was to take of the disk', async () => {
    const store = await bench('given up', 10 * MIB).open();
    for (let row = 0; row < 50; row++) {
      const receiver = await store.put(request(shard(row, 4 * MIB)));
      if (receiver === 'have') throw new Error('nothing was put yet');
      await receiver.abort();
    }
    expect(await putShard(store, shard(99, 4 * MIB))).toBe('stored');
    expect(await putShard(store, shard(100, 4 * MIB))).toBe('stored');
    await expectFault(store.put(request(shard(101, 4 * MIB))), 'full');
  });

  it('lets puts that begin in the same moment take no more of the disk than there is', async () => {
    const store = await bench('same moment', 10 * MIB).open();
    const begun = await Promise.allSettled(
      Array.from({ length: 16 }, (_, row) => store.put(request(shard(row, 3 * MIB)))),
    );
    expect(begun.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('shares one allowance among the agreements of a group', async () => {
    const store = await bench(9).open();
    await putShard(store, shard(1, 500 * KIB));
    const of = shard(1, 600 * KIB);
    const put = { agreement: B, row: of.row, group: [A, B], limit: 1000 * KIB };
    await expectFault(store.put(put), 'full');
    await store.release(A, [1]);
    expect(await putShard(store, of, put)).toBe('stored');
  });

  it('goes on after a disk that filled up in the middle of a shard', async () => {
    const { disk, open } = bench(10, 20 * MIB);
    const store = await open();
    await putShard(store, shard(1, 2 * MIB));
    const receiver = await store.put(request(shard(2, 3 * MIB)));
    if (receiver === 'have') throw new Error('nothing was put yet');
    disk.capacity = disk.used + 100 * KIB;
    await expectFault(
      (async () => {
        for (const segment of segmentsOf(shard(2, 3 * MIB).sealed)) await receiver.segment(segment);
      })(),
      'full',
    );
    disk.capacity = 20 * MIB;
    expectBytes(await getShard(store, shard(1, 2 * MIB)), shard(1, 2 * MIB).sealed);
    expect(await putShard(store, shard(2, 3 * MIB))).toBe('stored');
    expectBytes(await getShard(store, shard(2, 3 * MIB)), shard(2, 3 * MIB).sealed);
  });

  it('lists live rows in order and digests them as the core does', async () => {
    const store = await bench(11).open();
    const shards = [5, 1, 100, 20].map((row) => shard(row, 1000 + row));
    for (const one of shards) await putShard(store, one);
    await putShard(store, shard(7, 1234), request(shard(7, 1234), B));
    const rows = [...shards].sort((a, b) => a.row.row - b.row.row).map(({ row }) => row);
    expect(await store.ledger(A, 0, 1000)).toEqual(rows);
    expect(await store.ledger(A, 1, 2)).toEqual(rows.slice(1, 3));
    expect(await store.digest(A)).toEqual(ledgerDigest(rows));
    await store.release(A, [20, 21]);
    expect(await store.digest(A)).toEqual(ledgerDigest(rows.filter(({ row }) => row !== 20)));
  });

  it('keeps volumes below their size and rewrites those less than half live', async () => {
    const { disk, open } = bench(12);
    const store = await open();
    const shards = Array.from({ length: 30 }, (_, row) => shard(row, 5 * MIB));
    for (const one of shards) await putShard(store, one);
    expect(disk.volumes.size).toBe(3);
    for (const { length } of disk.volumes.values()) expect(length).toBeLessThanOrEqual(VOLUME_MAX_BYTES);
    const keep = (row: number) => row % 3 === 0;
    await store.release(
      A,
      shards.map(({ row }) => row.row).filter((row) => !keep(row)),
    );
    await store.idle();
    const onDisk = [...disk.volumes.values()].reduce((sum, { length }) => sum + length, 0);
    expect(onDisk).toBeLessThanOrEqual(2 * store.held);
    for (const one of shards) {
      if (keep(one.row.row)) expectBytes(await getShard(store, one), one.sealed);
      else await expectFault(getShard(store, one), 'not-found');
    }
    await store.release(
      A,
      shards.map(({ row }) => row.row),
    );
    await store.idle();
    expect(disk.volumes.size).toBe(0);
  });

  it('serves every row while its volume is being rewritten', async () => {
    const { open } = bench(13);
    const store = await open();
    const shards = Array.from({ length: 12 }, (_, row) => shard(row, 4 * MIB));
    for (const one of shards) await putShard(store, one);
    const kept = shards.filter(({ row }) => row.row % 3 === 0);
    const reading = (async () => {
      for (let round = 0; round < 10; round++) {
        for (const one of kept) expectBytes(await getShard(store, one), one.sealed);
      }
    })();
    await store.release(
      A,
      shards.map(({ row }) => row.row).filter((row) => row % 3 !== 0),
    );
    await reading;
    await store.idle();
  });

  it('finds rotten rows, never serves them, leaves them out of the ledger and takes them anew', async () => {
    const { disk, open } = bench(14);
    const store = await open();
    const shards = [1, 2, 3].map((row) => shard(row, 150 * KIB));
    for (const one of shards) await putShard(store, one);
    const [volume] = disk.volumes.keys();
    disk.flip(volume!, 200 * KIB);
    const first = await store.scrub({ limit: 2 });
    expect(first.lost).toEqual([{ agreement: A, row: 2 }]);
    expect(await store.scrub({ limit: 2, after: first.next! })).toMatchObject({
      rows: 1,
      lost: [],
      next: undefined,
    });
    await expectFault(getShard(store, shards[1]!), 'corrupt');
    expect((await store.ledger(A, 0, 10)).map(({ row }) => row)).toEqual([1, 3]);
    expect(store.lost).toBe(1);
    expect(await putShard(store, shards[1]!)).toBe('stored');
    expectBytes(await getShard(store, shards[1]!), shards[1]!.sealed);
    expect(store.lost).toBe(0);
  });

  it('says that rows are lost when the browser took the volumes away', async () => {
    const { disk, open } = bench(15);
    const store = await open();
    await putShard(store, shard(1, 5000));
    await store.close();
    disk.evict('blobs');
    const again = await open();
    await expectFault(getShard(again, shard(1, 5000)), 'corrupt');
    expect(again.held).toBe(0);
    expect(await again.ledger(A, 0, 10)).toEqual([]);
  });

  it('removes volumes that none of its rows knows when it opens, and leaves those of the owner side alone', async () => {
    const { disk, open } = bench('volumes of others');
    const blobs = new MemoryBlobStore(disk, new Life(), { storageClass: 'tab', persisted: false });
    for (const volume of ['v00000007', `${GATHERED_VOLUMES}1`]) {
      await blobs.append(volume, new Uint8Array(10));
      await blobs.flush(volume);
    }
    await open();
    expect((await blobs.list()).map(({ volume }) => volume)).toEqual([`${GATHERED_VOLUMES}1`]);
  });

  it('flushes and writes once for all that wait', async () => {
    const { disk, open } = bench(16);
    const store = await open();
    const begin = async (row: number) => {
      const one = shard(row, 2000);
      const receiver = await store.put(request(one));
      if (receiver === 'have') throw new Error('nothing was put yet');
      await receiver.segment(one.sealed);
      return receiver;
    };
    const receivers = await Promise.all(Array.from({ length: 20 }, (_, row) => begin(row)));
    const before = disk.operations;
    await Promise.all(receivers.map((receiver) => receiver.commit()));
    // Each reads its shard and its row and is flushed; 20 separate commits would write 20 batches on top.
    expect(disk.operations - before).toBeLessThanOrEqual(3 * 20 + 3);
    expect(store.usage(A).rows).toBe(20);
  });
});

describe('a crash at any operation of storing', () => {
  it('loses nothing acknowledged, tears nothing, and leaves a store that goes on', async () => {
    let crashes = 0;
    for (let n = 1; ; n++) {
      const { disk, open } = bench(`crash ${n}`);
      const acknowledged = new Set<number>();
      const released = new Set<number>();
      const shards = Array.from({ length: 10 }, (_, row) => shard(row, 40 * KIB + row * 30 * KIB));
      disk.crashAt(n);
      try {
        const store = await open();
        const storing = shards.slice(0, 8).map(async (one) => {
          await putShard(store, one);
          acknowledged.add(one.row.row);
        });
        for (const outcome of await Promise.allSettled(storing)) {
          if (outcome.status === 'rejected') throw outcome.reason;
        }
        for (const row of [0, 2, 4, 5, 6, 7]) released.add(row);
        await store.release(A, [...released]);
        for (const one of shards.slice(8)) {
          await putShard(store, one);
          acknowledged.add(one.row.row);
        }
        await store.idle();
      } catch (error) {
        expect(faultOf(error)).toBe('internal');
      }
      const crashed = disk.crashed;
      if (crashed) crashes++;
      disk.crashAt(undefined);
      const again = await open();
      const ledger = await again.ledger(A, -1, 1000);
      const there = new Set(ledger.map(({ row }) => row));
      for (const one of shards) {
        const { row } = one.row;
        if (acknowledged.has(row) && !released.has(row))
          expect(there.has(row), `row ${row}, crash ${n}`).toBe(true);
        if (there.has(row)) expectBytes(await getShard(again, one), one.sealed);
      }
      expect(again.lost).toBe(0);
      expect((await again.scrub({ limit: 1000 })).lost).toEqual([]);
      for (const one of shards) await putShard(again, one);
      for (const one of shards) expectBytes(await getShard(again, one), one.sealed);
      await again.idle();
      const onDisk = [...disk.volumes.values()].reduce((sum, { length }) => sum + length, 0);
      expect(onDisk).toBeLessThanOrEqual(2 * again.held);
      if (!crashed) break;
    }
    expect(crashes).toBeGreaterThan(50);
  });
});
