import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { Life } from '../../../src/adapters/memory/life.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { HeadShelf } from '../../../src/agent/host/head-shelf.ts';
import { parseAccountId, parseDeviceId, parseRendezvousId } from '../../../src/core/ids.ts';
import { HEADS_MAX } from '../../../src/core/wire/limits.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
const account = (n: number) => parseAccountId(hex(n, 64));
const device = (n: number) => parseDeviceId(hex(n, 40));
const rendezvous = (n: number) => parseRendezvousId(hex(n, 64));
const label = (seq: number, d = 1, a = 1) => ({ account: account(a), device: device(d), seq });

const store = () => new MemoryMetaStore(new MemoryDisk(new SeededRandom(1)), new Life());

describe('the shelf of heads', () => {
  it('keeps one head for each device, the newest, and gives an account its own only', async () => {
    const shelf = await HeadShelf.open(store());
    expect(await shelf.put(rendezvous(1), label(1, 1), patternBytes(10, 1))).toBe(true);
    expect(await shelf.put(rendezvous(1), label(5, 2), patternBytes(10, 2))).toBe(false);
    await shelf.put(rendezvous(1), label(2, 1), patternBytes(10, 3));
    await shelf.put(rendezvous(1), label(9, 1, 2), patternBytes(10, 4));
    expect(await shelf.list(rendezvous(1), account(1))).toEqual([patternBytes(10, 3), patternBytes(10, 2)]);
    expect(await shelf.list(rendezvous(1), account(2))).toEqual([patternBytes(10, 4)]);
    expect(await shelf.list(rendezvous(1), account(3))).toEqual([]);
    expect(await shelf.list(rendezvous(2), account(1))).toEqual([]);
  });

  it('never goes back to a lower number, and to another head of the same number neither', async () => {
    const shelf = await HeadShelf.open(store());
    await shelf.put(rendezvous(1), label(5), patternBytes(10, 1));
    await shelf.put(rendezvous(1), label(5), patternBytes(10, 1));
    await expectFault(shelf.put(rendezvous(1), label(5), patternBytes(10, 2)), 'refused');
    await expectFault(shelf.put(rendezvous(1), label(4), patternBytes(10, 1)), 'refused');
    expect(await shelf.list(rendezvous(1), account(1))).toEqual([patternBytes(10, 1)]);
  });

  it('takes the newest of many put at once', async () => {
    const shelf = await HeadShelf.open(store());
    const puts = [3, 1, 4, 2, 5].map((seq) => shelf.put(rendezvous(1), label(seq), patternBytes(10, seq)));
    await Promise.allSettled(puts);
    expect(await shelf.list(rendezvous(1), account(1))).toEqual([patternBytes(10, 5)]);
  });

  it('is bounded for each account, and tells what it holds after it was opened again', async () => {
    const meta = store();
    const shelf = await HeadShelf.open(meta);
    for (let d = 0; d < HEADS_MAX; d++) await shelf.put(rendezvous(1), label(1, d), patternBytes(10));
    await expectFault(shelf.put(rendezvous(1), label(1, HEADS_MAX), patternBytes(10)), 'refused');
    await shelf.put(rendezvous(1), label(2, 0), patternBytes(10));
    for (const id of [2, 3, 4]) await shelf.put(rendezvous(id), label(1), patternBytes(10));
    await expectFault(shelf.put(rendezvous(5), label(1), patternBytes(10)), 'refused');
    await shelf.put(rendezvous(5), label(1, 1, 2), patternBytes(10));
    const again = await HeadShelf.open(meta);
    expect(again.holdings()).toEqual([1, 2, 3, 4, 5].map(rendezvous));
    await expectFault(again.put(rendezvous(6), label(1), patternBytes(10)), 'refused');
  });
});
