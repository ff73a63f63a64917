import { deviceIdOfKey } from '../../../src/core/ids.ts';
import { createNobleSuite } from '../../../src/core/crypto/noble.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { MemoryAbortController } from '../../../src/adapters/memory/abort-controller.ts';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryBlobStore } from '../../../src/adapters/memory/memory-blob-store.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryKeyVault } from '../../../src/adapters/memory/memory-key-vault.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { MemoryNetwork } from '../../../src/adapters/memory/memory-network.ts';
import type { LinkSpeed } from '../../../src/adapters/memory/memory-link.ts';
import { MemorySink } from '../../../src/adapters/memory/memory-sink.ts';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { blobStoreContract } from '../../contracts/blob-store.ts';
import { clockContract } from '../../contracts/clock.ts';
import { keyVaultContract } from '../../contracts/key-vault.ts';
import { metaStoreContract } from '../../contracts/meta-store.ts';
import { randomContract } from '../../contracts/random.ts';
import { sinkContract } from '../../contracts/sink.ts';
import { CONTRACT_FILES, sourceContract } from '../../contracts/source.ts';
import { transportContract } from '../../contracts/transport.ts';
import { noCodec } from './no-codec.ts';

const TAB = { storageClass: 'tab', persisted: false } as const;

blobStoreContract('MemoryBlobStore', async () => {
  const disk = new MemoryDisk(new SeededRandom(1));
  const open = (): MemoryBlobStore => new MemoryBlobStore(disk, new Life(), TAB);
  return { store: open(), reopen: async () => open() };
});

metaStoreContract('MemoryMetaStore', async () => {
  const disk = new MemoryDisk(new SeededRandom(1));
  const open = (): MemoryMetaStore => new MemoryMetaStore(disk, new Life());
  return { store: open(), reopen: async () => open() };
});

randomContract('SeededRandom', () => new SeededRandom('contract'));

clockContract('VirtualClock that advances by itself', async () => {
  const clock = new VirtualClock({ mode: 'auto' });
  return { clock, cleanUp: async () => clock.stop() };
});

clockContract("a simulated device's clock", async () => {
  const world = createMemoryWorld({ seed: 1, mode: 'auto', codec: () => noCodec });
  return { clock: world.device('one').platform.clock, cleanUp: async () => world.close() };
});

keyVaultContract('MemoryKeyVault', async () => {
  const disk = new MemoryDisk(new SeededRandom(1));
  const random = new SeededRandom(2);
  const suite = createNobleSuite((length) => random.bytes(length));
  const open = (): MemoryKeyVault => new MemoryKeyVault(disk, new Life(), suite, random);
  return { vault: open(), suite, reopen: async () => open() };
});

const speeds: readonly (readonly [string, LinkSpeed])[] = [
  ['without latency', { latencyMs: 0, bytesPerSecond: Infinity }],
  ['of 20 ms and 2 MB/s', { latencyMs: 20, bytesPerSecond: 2_000_000 }],
];
for (const [name, speed] of speeds) {
  transportContract(`MemoryNetwork ${name}`, async () => {
    const clock = new VirtualClock({ mode: 'auto' });
    const random = new SeededRandom(3);
    const network = new MemoryNetwork(clock, random);
    network.speed = speed;
    const end = () => {
      const device = deviceIdOfKey(random.bytes(32));
      return { device, transport: network.join(device, new Life()) };
    };
    return {
      first: end(),
      second: end(),
      absent: deviceIdOfKey(random.bytes(32)),
      abortController: () => clock.abortController(),
      cleanUp: async () => clock.stop(),
    };
  });
}

sourceContract('MemorySource', async () => {
  const source = new MemorySource('root');
  for (const { path, bytes } of CONTRACT_FILES) source.set(path, bytes);
  return {
    source,
    change: async (path, bytes) => source.set(path, bytes),
    remove: async (path) => source.remove(path),
    abortController: () => new MemoryAbortController(),
  };
});

sinkContract(
  'MemorySink',
  async () => {
    let sink = new MemorySink();
    return {
      sink,
      again: async () => (sink = new MemorySink({ over: sink })),
      written: async () =>
        new Map(
          [...sink.collected].map(([path, { kind, bytes, entry }]) => [
            path,
            {
              kind,
              bytes,
              mtimeNs: entry.mtimeNs,
              ...(entry.target === undefined ? {} : { target: entry.target }),
              ...(entry.mode === undefined ? {} : { mode: entry.mode }),
            },
          ]),
        ),
    };
  },
  { links: true, mtimeStepNs: 0n, modes: true },
);
