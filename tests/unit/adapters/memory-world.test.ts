import { afterEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { cooperativeIdFromBytes, deviceIdOfKey, rendezvousIdFromBytes } from '../../../src/core/ids.ts';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryBlobStore } from '../../../src/adapters/memory/memory-blob-store.ts';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { NowhereSink } from '../../../src/adapters/memory/memory-sink.ts';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { Platform } from '../../../src/ports/platform.ts';
import type { Channel } from '../../../src/ports/transport.ts';
import { expectBytes, expectFault, patternBytes } from '../../contracts/expect-fault.ts';

let world: MemoryWorld | undefined;
afterEach(() => world?.close());

const makeWorld = (seed: string | number = 1): MemoryWorld => (world = createMemoryWorld({ seed }));

type Network = Awaited<ReturnType<Platform['network']>>;

async function open(platform: Platform): Promise<Network> {
  const { key, publicKey } = await platform.vault.deviceKey();
  return platform.network({
    device: deviceIdOfKey(publicKey),
    publicKey,
    sign: (message) => platform.crypto.sign(key, message),
  });
}

interface Pair {
  readonly devices: readonly [MemoryDevice, MemoryDevice];
  readonly networks: readonly [Network, Network];
  readonly ids: readonly [ReturnType<typeof deviceIdOfKey>, ReturnType<typeof deviceIdOfKey>];
}

async function makePair(of: MemoryWorld): Promise<Pair> {
  const devices = [of.device('one'), of.device('two')] as const;
  const networks = [await open(devices[0].platform), await open(devices[1].platform)] as const;
  return { devices, networks, ids: [devices[0].device!, devices[1].device!] };
}

async function connect({ networks, ids }: Pair): Promise<readonly [Channel, Channel]> {
  const arriving = new Promise<Channel>((resolve) => networks[1].transport.onIncoming(resolve));
  return [await networks[0].transport.connect(ids[1]), await arriving];
}

describe('A world', () => {
  it('comes back the same for the same seed, and another for another', async () => {
    const trace = async (seed: number): Promise<unknown[]> => {
      const { clock } = makeWorld(seed);
      const device = world!.device('one');
      const { publicKey } = await device.platform.vault.deviceKey();
      const order: number[] = [];
      for (let i = 0; i < 20; i++) {
        const wait = Math.floor(device.platform.random.fraction() * 1000);
        device.platform.clock.after(wait, () => order.push(i));
      }
      await clock.advance(1000);
      const ephemeral = await device.platform.crypto.generateAgreement();
      return [publicKey, order, ephemeral.publicKey];
    };
    const first = await trace(1);
    expect(await trace(1)).toEqual(first);
    expect(await trace(2)).not.toEqual(first);
  });

  it('lets no time pass in manual mode but what is asked for', async () => {
    const { clock } = makeWorld();
    const { platform } = world!.device('one');
    let woken = 0;
    void platform.clock.sleep(1000).then(() => platform.clock.sleep(500).then(() => woken++));
    await clock.advance(1499);
    expect([clock.monotonic(), woken]).toEqual([1499, 0]);
    await clock.advance(1);
    expect([clock.monotonic(), woken]).toEqual([1500, 1]);
  });

  it('lets time pass only while nobody works outside the event loop', async () => {
    const { clock } = makeWorld();
    clock.setMode('auto');
    let fired = false;
    const release = clock.hold();
    clock.after(10, () => (fired = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).toBe(false);
    release();
    await clock.sleep(20);
    expect(fired).toBe(true);
  });

  it('moves the wall clock of one device and leaves its durations right', async () => {
    const { clock } = makeWorld();
    const [one, two] = [world!.device('one'), world!.device('two')];
    const before = one.platform.clock.monotonic();
    one.jumpClock(31_536_000_000);
    await clock.advance(5);
    expect(one.platform.clock.now() - two.platform.clock.now()).toBe(31_536_000_000);
    expect(one.platform.clock.monotonic() - before).toBe(5);
  });
});

describe('A simulated disk', () => {
  const stores = (disk: MemoryDisk): { blobs: MemoryBlobStore; meta: MemoryMetaStore } => {
    const life = new Life();
    return {
      blobs: new MemoryBlobStore(disk, life, { storageClass: 'tab', persisted: false }),
      meta: new MemoryMetaStore(disk, life),
    };
  };
  const row = (index: number): { kind: 'put'; table: string; key: string; value: Bytes } => ({
    kind: 'put',
    table: 'rows',
    key: String(index).padStart(4, '0'),
    value: patternBytes(10, index + 1),
  });

  it('keeps what was flushed and tears or loses only what was not, at every crash', async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const disk = new MemoryDisk(new SeededRandom(seed));
      const { blobs } = stores(disk);
      await blobs.append('kept', patternBytes(1000, 1));
      await blobs.flush('kept');
      await blobs.append('kept', patternBytes(1000, 2));
      await blobs.append('loose', patternBytes(1000, 3));
      disk.crash();
      await expectFault(blobs.list(), 'internal');
      disk.restart();
      const after = stores(disk).blobs;
      expectBytes(await after.read('kept', 0, 1000), patternBytes(1000, 1));
      const listed = await after.list();
      const kept = listed.find(({ volume }) => volume === 'kept')?.bytes ?? 0;
      expect(kept).toBeLessThanOrEqual(2000);
      const tail = await after.read('kept', 1000, kept - 1000);
      const torn = tail.some((byte, index) => byte !== patternBytes(1000, 2)[index]);
      outcomes.add(kept < 2000 ? 'shortened' : 'whole').add(torn ? 'torn' : 'right');
      outcomes.add(listed.length === 1 ? 'name lost' : 'name kept');
    }
    for (const name of ['name kept', 'name lost', 'right', 'shortened', 'torn'])
      expect(outcomes).toContain(name);
  });

  it('keeps durable rows, and of the others a beginning', async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const disk = new MemoryDisk(new SeededRandom(seed));
      const { meta } = stores(disk);
      await meta.write([row(0)]);
      for (let i = 1; i < 6; i++) await meta.write([row(i)], { durable: false });
      await meta.write([{ kind: 'delete', table: 'rows', key: '0000' }], { durable: false });
      disk.crash();
      disk.restart();
      const rows = await stores(disk).meta.scan('rows', { limit: 100 });
      const keys = rows.map(({ key }) => Number(key));
      lengths.add(keys.length);
      const all = keys[0] === 0 ? keys : [0, ...keys];
      expect(all).toEqual(all.map((_, index) => index));
      if (keys[0] !== 0) expect(keys).toEqual([1, 2, 3, 4, 5]);
    }
    expect(lengths.size).toBeGreaterThan(3);
  });

  it('makes everything before a durable batch durable', async () => {
    const disk = new MemoryDisk(new SeededRandom(1));
    const { meta } = stores(disk);
    await meta.write([row(0)], { durable: false });
    await meta.write([row(1)]);
    disk.crash();
    disk.restart();
    expect((await stores(disk).meta.scan('rows', { limit: 10 })).length).toBe(2);
  });

  it('never loses what was acknowledged, whichever operation the power fails at', async () => {
    for (let seed = 0; seed < 10; seed++) {
      for (let at = 1; at <= 30; at++) {
        const disk = new MemoryDisk(new SeededRandom(seed));
        const { blobs, meta } = stores(disk);
        disk.crashAt(at);
        let acknowledged = 0;
        try {
          for (let i = 0; i < 10; i++) {
            await blobs.append('v', patternBytes(100, i + 1));
            await blobs.flush('v');
            await meta.write([row(i)]);
            acknowledged++;
          }
        } catch (error) {
          expect(error).toMatchObject({ fault: 'internal' });
        }
        expect(disk.crashed).toBe(true);
        expect(acknowledged).toBe(Math.floor((at - 1) / 3));
        disk.restart();
        const after = stores(disk);
        expect((await after.meta.scan('rows', { limit: 100 })).length).toBeGreaterThanOrEqual(acknowledged);
        for (let i = 0; i < acknowledged; i++) {
          expectBytes(await after.blobs.read('v', 100 * i, 100), patternBytes(100, i + 1));
        }
      }
    }
  });

  it('is full when its capacity is reached, leaving a torn tail of blobs and no row of a batch', async () => {
    const disk = new MemoryDisk(new SeededRandom(1), { capacity: 1000 });
    const { blobs, meta } = stores(disk);
    await blobs.append('v', patternBytes(900));
    await expectFault(meta.write([row(0), { ...row(1), value: new Uint8Array(100) }]), 'full');
    expect(await meta.get('rows', '0000')).toBeUndefined();
    await expectFault(blobs.append('v', patternBytes(200)), 'full');
    expect((await blobs.list())[0]?.bytes).toBe(1000);
  });

  it('rots where it is told to, and loses all when it is evicted', async () => {
    const disk = new MemoryDisk(new SeededRandom(1));
    const { blobs, meta } = stores(disk);
    await blobs.append('v', new Uint8Array(10));
    await meta.write([row(0)]);
    disk.flip('v', 3, 0x80);
    expect([...(await blobs.read('v', 0, 10))]).toEqual([0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0]);
    disk.evict('blobs');
    expect(await blobs.list()).toEqual([]);
    expect(await meta.get('rows', '0000')).toBeDefined();
    disk.evict();
    expect(await meta.get('rows', '0000')).toBeUndefined();
  });
});

describe('A simulated device', () => {
  it('keeps its key through crashes, and its former program does nothing any more', async () => {
    const { clock } = makeWorld();
    const device = world!.device('one');
    const before = device.platform;
    const { publicKey } = await before.vault.deviceKey();
    let fired = 0;
    before.clock.after(10, () => fired++);
    device.crash();
    const after = device.restart();
    expect((await after.vault.deviceKey()).publicKey).toEqual(publicKey);
    await expectFault(before.vault.deviceKey(), 'internal');
    await expectFault(before.meta.get('a', 'a'), 'internal');
    await clock.advance(100);
    expect(fired).toBe(0);
  });

  it('dies with its disk when an operation crashes', async () => {
    makeWorld();
    const device = world!.device('one');
    device.disk.crashAt(2);
    await device.platform.blobs.append('v', patternBytes(1));
    await expectFault(device.platform.blobs.flush('v'), 'internal');
    expect(device.running).toBe(false);
    expect(await device.restart().blobs.list()).toBeDefined();
  });
});

describe('A simulated network', () => {
  it('tells both ends when the wire is cut, and refuses until it is mended', async () => {
    const pair = await makePair(makeWorld());
    const [here, there] = await connect(pair);
    const both = Promise.all([here, there].map((end) => new Promise((resolve) => end.onClose(resolve))));
    world!.network.cut(...pair.ids);
    await both;
    await expectFault(pair.networks[0].transport.connect(pair.ids[1]), 'unreachable');
    world!.network.mend(...pair.ids);
    await connect(pair);
  });

  it('holds messages while the wire is cut for less than the time to fail, and delivers them then', async () => {
    const pair = await makePair(makeWorld());
    world!.network.failAfterMs = 16_000;
    const [here, there] = await connect(pair);
    const got: number[] = [];
    there.onMessage((message) => got.push(message[0] ?? 0));
    world!.network.cut(...pair.ids);
    here.send(new Uint8Array([1]));
    await world!.clock.advance(15_000);
    expect(got).toEqual([]);
    world!.network.mend(...pair.ids);
    await world!.clock.settle();
    expect(got).toEqual([1]);
    let closed = 0;
    here.onClose(() => closed++);
    pair.devices[1].crash();
    await world!.clock.advance(15_999);
    expect(closed).toBe(0);
    await world!.clock.advance(1);
    expect(closed).toBe(1);
  });

  it('separates groups', async () => {
    const pair = await makePair(makeWorld());
    world!.network.partition([pair.ids[0]], [pair.ids[1]]);
    await expectFault(pair.networks[0].transport.connect(pair.ids[1]), 'unreachable');
    world!.network.partition();
    await connect(pair);
  });

  it('shows a man in the middle by fingerprints that do not fit', async () => {
    const pair = await makePair(makeWorld());
    const seen: number[] = [];
    world!.network.intercept(...pair.ids, (message) => {
      seen.push(message[0] ?? 0);
      return message;
    });
    const [here, there] = await connect(pair);
    expect(here.binding.remote).not.toEqual(there.binding.local);
    expect(there.binding.remote).not.toEqual(here.binding.local);
    const arrived = new Promise((resolve) => there.onMessage(resolve));
    here.send(new Uint8Array([9]));
    expect(await arrived).toEqual(new Uint8Array([9]));
    expect(seen).toEqual([9]);
  });

  it('takes the time of its latency and its speed', async () => {
    const pair = await makePair(makeWorld());
    world!.clock.setMode('auto');
    world!.network.speed = { latencyMs: 100, bytesPerSecond: 1_000_000 };
    const [here, there] = await connect(pair);
    world!.clock.setMode('manual');
    let arrivedAt = 0;
    const start = world!.clock.monotonic();
    there.onMessage(() => (arrivedAt = world!.clock.monotonic() - start));
    here.send(new Uint8Array(50_000));
    expect(here.bufferedAmount).toBe(50_000);
    await world!.clock.advance(50);
    expect(here.bufferedAmount).toBe(0);
    await world!.clock.advance(200);
    expect(arrivedAt).toBe(150);
  });

  it('introduces nobody while the broker is away, and keeps open channels', async () => {
    const pair = await makePair(makeWorld());
    const [here, there] = await connect(pair);
    world!.broker.down();
    await expectFault(pair.networks[0].transport.connect(pair.ids[1]), 'unreachable');
    await expectFault(
      pair.networks[0].rendezvous.lookup(rendezvousIdFromBytes(new Uint8Array(32))),
      'unreachable',
    );
    const arrived = new Promise((resolve) => there.onMessage(resolve));
    here.send(new Uint8Array([1]));
    await arrived;
  });
});

describe('A simulated broker', () => {
  it('learns again what it forgot from the devices that come back', async () => {
    const { networks } = await makePair(makeWorld());
    const cooperative = cooperativeIdFromBytes(new Uint8Array(32));
    const id = rendezvousIdFromBytes(new Uint8Array(32).fill(1));
    await networks[0].rendezvous.announceHoldings(cooperative, [id]);
    expect((await networks[1].rendezvous.lookup(id)).length).toBe(1);
    world!.broker.down();
    world!.broker.forget();
    world!.broker.up();
    expect((await networks[1].rendezvous.lookup(id)).length).toBe(1);
  });

  it('shows a device that crashed as away', async () => {
    const { devices, networks } = await makePair(makeWorld());
    const cooperative = cooperativeIdFromBytes(new Uint8Array(32));
    const id = rendezvousIdFromBytes(new Uint8Array(32).fill(1));
    await networks[0].rendezvous.announceHoldings(cooperative, [id]);
    devices[0].crash();
    expect((await networks[1].rendezvous.lookup(id))[0]?.online).toBe(false);
  });
});

it('counts what was read of a source, and fails reads on demand', async () => {
  const source = new MemorySource('root', { 'a/b': 'hello', c: { unreadable: 'permission denied' } });
  await source.read('a/b', 0, 100);
  expect(source.takeReadBytes()).toBe(5);
  expect(source.takeReadBytes()).toBe(0);
  source.failReads('a/b', 'corrupt');
  await expectFault(source.read('a/b', 0, 100), 'corrupt');
  const kinds: string[] = [];
  for await (const entry of source.entries()) kinds.push(`${entry.kind} ${entry.path}`);
  expect(kinds).toEqual(['folder ', 'folder a', 'unreadable c', 'file a/b']);
});

it('counts the bytes that go nowhere', async () => {
  const sink = new NowhereSink();
  const writer = await sink.file();
  await writer.write(new Uint8Array(7));
  await writer.close();
  await sink.folder();
  await sink.finish();
  expect(sink.bytes).toBe(7);
});
