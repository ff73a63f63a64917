import { afterEach, describe, expect, it } from 'vitest';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { Directory } from '../../../src/agent/network/directory.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import { cooperativeIdFromBytes, deviceIdFromBytes } from '../../../src/core/ids.ts';
import type { DirectoryEntry, Rendezvous } from '../../../src/ports/rendezvous.ts';
import { noCodec } from '../adapters/no-codec.ts';

const COOPERATIVE = cooperativeIdFromBytes(new Uint8Array(32).fill(9));
const HOUR = 3_600_000;

let world: MemoryWorld;
afterEach(() => world.close());

interface Watcher {
  readonly device: DeviceId;
  readonly directory: Directory;
  readonly rendezvous: Rendezvous;
  readonly seen: DirectoryEntry[][];
  readonly count: { downloads: number; announcements: number };
}

async function watcher(name: string, id: number): Promise<Watcher> {
  const device = deviceIdFromBytes(new Uint8Array(20).fill(id));
  const { platform } = world.device(name);
  const publicKey = new Uint8Array(32).fill(id);
  const { rendezvous } = await platform.network({
    device,
    publicKey,
    sign: () => Promise.reject(new Error('')),
  });
  const count = { downloads: 0, announcements: 0 };
  const { directory: download, announce } = rendezvous;
  rendezvous.directory = (cooperative) => {
    count.downloads++;
    return download.call(rendezvous, cooperative);
  };
  rendezvous.announce = (listing) => {
    count.announcements++;
    return announce.call(rendezvous, listing);
  };
  const seen: DirectoryEntry[][] = [];
  const directory = new Directory({
    self: device,
    cooperative: COOPERATIVE,
    certificate: new Uint8Array([id]),
    about: platform.about,
    rendezvous,
    clock: platform.clock,
    log: platform.log,
    offered: () => 100,
    free: () => Promise.resolve(50),
    space: () => platform.blobs.space(),
    holdings: () => [],
    onChange: (entries) => seen.push([...entries]),
  });
  directory.start();
  await world.clock.advance(1000);
  return { device, directory, rendezvous, seen, count };
}

describe('the directory', () => {
  it('is downloaded once a connection, however often it is asked for, and again after an hour', async () => {
    world = createMemoryWorld({ seed: 1, codec: () => noCodec });
    const a = await watcher('a', 1);
    for (let i = 0; i < 5; i++) await a.directory.refresh();
    expect(a.count.downloads).toBe(1);
    await world.clock.advance(HOUR);
    await Promise.all([a.directory.refresh(), a.directory.refresh()]);
    expect(a.count.downloads).toBe(2);
    world.broker.down();
    await world.clock.advance(1000);
    world.broker.up();
    await world.clock.advance(1000);
    expect(a.count.downloads).toBe(3);
  });

  it('is kept current by what the broker tells, many changes at once', async () => {
    world = createMemoryWorld({ seed: 1, codec: () => noCodec });
    const a = await watcher('a', 1);
    const others = await Promise.all([2, 3, 4].map((id) => watcher(`d${id}`, id)));
    a.seen.length = 0;
    for (const { device } of others) expect(a.directory.isOnline(device)).toBe(true);
    for (const { rendezvous } of others) await rendezvous.close();
    await world.clock.advance(1000);
    for (const { device } of others) expect(a.directory.isAbsent(device)).toBe(true);
    expect(a.seen).toHaveLength(1);
    expect(a.count.downloads).toBe(1);
  });

  it('says of nobody that it is absent while the broker is away or has not told yet', async () => {
    world = createMemoryWorld({ seed: 1, codec: () => noCodec });
    const a = await watcher('a', 1);
    const b = await watcher('b', 2);
    await b.rendezvous.close();
    await world.clock.advance(1000);
    expect(a.directory.isAbsent(b.device)).toBe(true);
    world.broker.down();
    expect(a.directory.isAbsent(b.device)).toBe(false);
    await world.clock.advance(1000);
    world.broker.up();
    expect(a.directory.isAbsent(b.device)).toBe(false);
    await world.clock.advance(1000);
    expect(a.directory.isAbsent(b.device)).toBe(true);
  });

  it('is told nothing anew while nothing of this device changes', async () => {
    world = createMemoryWorld({ seed: 1, codec: () => noCodec });
    const a = await watcher('a', 1);
    await world.clock.advance(24 * HOUR);
    a.directory.announceSoon();
    await world.clock.advance(1000);
    expect(a.count.announcements).toBe(1);
  });

  it('keeps a certificate that comes again the same object', async () => {
    world = createMemoryWorld({ seed: 1, codec: () => noCodec });
    const a = await watcher('a', 1);
    const b = await watcher('b', 2);
    const { certificate } = a.directory.get(b.device)!;
    const listing = { ...a.directory.get(b.device)!, certificate: certificate.slice(), free: 7 };
    await b.rendezvous.announce(listing);
    await world.clock.advance(1000);
    expect(a.directory.get(b.device)).toMatchObject({ free: 7 });
    expect(a.directory.get(b.device)!.certificate).toBe(certificate);
    await b.rendezvous.announce({ ...listing, certificate: new Uint8Array([8]) });
    await world.clock.advance(1000);
    expect(a.directory.get(b.device)!.certificate).toEqual(new Uint8Array([8]));
  });
});
