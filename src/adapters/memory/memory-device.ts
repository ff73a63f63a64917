import type { CryptoSuite } from '../../core/crypto/suite.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { StorageClass } from '../../ports/blob-store.ts';
import type { Codec } from '../../ports/codec.ts';
import type { Log } from '../../ports/log.ts';
import type { Platform } from '../../ports/platform.ts';
import { DeviceClock, Life, Power } from './life.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';
import type { MemoryBroker } from './memory-broker.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryKeyVault } from './memory-key-vault.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryMetaStore } from './memory-meta-store.ts';
import type { MemoryNetwork } from './memory-network.ts';
import { MemoryRendezvous } from './memory-rendezvous.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a device needs of the world around it. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly broker: MemoryBroker;
}

export interface DeviceOptions {
  readonly about?: Partial<Platform['about']>;
  /** equal texts = same neighbourhood, as the broker sees it */
  readonly neighbourhood?: string;
  readonly storageClass?: StorageClass;
  readonly persisted?: boolean;
  /** bytes of its disk */
  readonly capacity?: number;
  /** where its program logs; kept in `log` when left out */
  readonly writeLog?: Log;
}

export interface DeviceTools {
  readonly suite: CryptoSuite;
  readonly makeCodec: () => Codec;
}

/** One simulated device: a disk that outlives crashes, and a program that runs from one start to the next crash. */
export class MemoryDevice {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly log = new MemoryLog();
  readonly #world: Surroundings;
  readonly #random: SeededRandom;
  readonly #options: DeviceOptions;
  readonly #tools: DeviceTools;
  readonly #skew = { ms: 0 };
  #power = new Power();
  readonly #rendezvous = new Set<MemoryRendezvous>();
  #starts = 0;
  #life = new Life();
  #platform: Platform;
  #device: DeviceId | undefined;

  constructor(
    world: Surroundings,
    name: string,
    random: SeededRandom,
    options: DeviceOptions,
    tools: DeviceTools,
  ) {
    this.#world = world;
    this.name = name;
    this.#random = random;
    this.#options = options;
    this.#tools = tools;
    this.disk = new MemoryDisk(random.fork('disk'), options);
    this.disk.onCrash(() => this.#die());
    this.#platform = this.#compose();
  }

  /** What the program that runs now sees. */
  get platform(): Platform {
    return this.#platform;
  }

  /** Known once the program has opened its network. */
  get device(): DeviceId | undefined {
    return this.#device;
  }

  get running(): boolean {
    return this.#life.alive;
  }

  /** The power fails: the program ends without a word, the disk keeps what was durable. */
  crash(): void {
    this.disk.crash();
    this.#die();
  }

  /** The program ends in order: all that it wrote is kept. */
  shutDown(): void {
    this.disk.sync();
    this.#die();
  }

  /** Starts the program again on the same disk, after a crash if it still runs. */
  restart(): Platform {
    if (this.running) this.crash();
    this.disk.restart();
    this.#life = new Life();
    this.#platform = this.#compose();
    return this.#platform;
  }

  /** Sets the wall clock `ms` forward (or back). */
  jumpClock(ms: number): void {
    this.#skew.ms += ms;
  }

  /** Takes the device from the network, broker included, or brings it back. */
  setOffline(offline: boolean): void {
    if (this.#device === undefined) return;
    this.#world.network.setOffline(this.#device, offline);
    for (const rendezvous of this.#rendezvous) rendezvous.review();
  }

  /** The lid is shut: no network, and nothing runs until `wake`. */
  sleep(): void {
    this.#power.sleep();
    this.setOffline(true);
  }

  wake(): void {
    this.setOffline(false);
    this.#power.wake();
  }

  get asleep(): boolean {
    return this.#power.asleep;
  }

  #die(): void {
    if (this.#power.asleep) this.setOffline(false);
    this.#power = new Power();
    this.#life.end();
    this.#rendezvous.clear();
  }

  #compose(): Platform {
    const { clock: time, network, broker } = this.#world;
    const life = this.#life;
    const { suite } = this.#tools;
    const { about, neighbourhood, storageClass, persisted, writeLog } = this.#options;
    const random = this.#random.fork(`start/${this.#starts++}`);
    return {
      crypto: suite,
      clock: new DeviceClock(time, life, this.#skew, this.#power),
      random,
      log: writeLog ?? this.log,
      vault: new MemoryKeyVault(this.disk, life, suite, random.fork('vault')),
      meta: new MemoryMetaStore(this.disk, life),
      blobs: new MemoryBlobStore(this.disk, life, {
        storageClass: storageClass ?? 'appliance',
        persisted: persisted ?? true,
      }),
      codec: this.#tools.makeCodec(),
      network: async (identity) => {
        life.check();
        this.#device = identity.device;
        const rendezvous = new MemoryRendezvous(broker, life, identity.device, {
          neighbourhood: neighbourhood ?? this.name,
          canReach: () => !network.isOffline(identity.device),
        });
        this.#rendezvous.add(rendezvous);
        return Promise.resolve({ transport: network.join(identity.device, life), rendezvous });
      },
      origin: 'https://roost.test',
      wipe: async () => {
        this.disk.evict('all');
        return Promise.resolve();
      },
      about: { family: 'nodejs', system: 'linux', zone: 0, version: '0.1.0', ...about },
    };
  }
}
