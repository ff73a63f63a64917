import type { Bytes } from '../../core/bytes.ts';
import { createCodecOperations } from '../../core/codec/operations.ts';
import { createNobleSuite } from '../../core/crypto/noble.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import type { Codec } from '../../ports/codec.ts';
import { holdingCodec, holdingSuite } from './held-suite.ts';
import { MemoryBroker } from './memory-broker.ts';
import type { DeviceOptions } from './memory-device.ts';
import { MemoryDevice } from './memory-device.ts';
import { MemoryNetwork } from './memory-network.ts';
import { SeededRandom } from './seeded-random.ts';
import type { VirtualClockOptions } from './virtual-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface MemoryWorldOptions extends VirtualClockOptions {
  readonly seed: string | number;
  /**
   * The primitives of all devices. Left out: noble with chance from the seed, so that every byte comes back the same.
   * createWebCryptoSuite is faster; the keys it generates and the order in which it answers are not the seed's.
   * A function makes one for each device, which draws its chance from the bytes given.
   */
  readonly suite?: CryptoSuite | ((randomBytes: (length: number) => Bytes) => CryptoSuite);
  /** createCodecOperations when left out */
  readonly codec?: (suite: CryptoSuite) => Codec;
  /** true when suite and codec do all their work before they return, so that time need not be held for them */
  readonly atOnce?: boolean;
}

/** Clock, network, broker and devices of one simulation. */
export class MemoryWorld {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly broker: MemoryBroker;
  readonly random: SeededRandom;
  readonly devices = new Map<string, MemoryDevice>();
  readonly #options: MemoryWorldOptions;

  constructor(options: MemoryWorldOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.clock = new VirtualClock(options);
    this.network = new MemoryNetwork(this.clock, this.random.fork('network'));
    this.broker = new MemoryBroker(this.clock);
    this.network.canIntroduce = () => this.broker.online;
  }

  /** The device of this name, made (and started) on the first call. What it draws by chance depends on its name only. */
  device(name: string, options: DeviceOptions = {}): MemoryDevice {
    const known = this.devices.get(name);
    if (known !== undefined) return known;
    const random = this.random.fork(`device/${name}`);
    const chance = random.fork('suite');
    const { suite: given = createNobleSuite, codec = createCodecOperations, atOnce } = this.#options;
    const suite = typeof given === 'function' ? given((length): Bytes => chance.bytes(length)) : given;
    const device = new MemoryDevice(this, name, random, options, {
      suite: atOnce === true ? suite : holdingSuite(this.clock, suite),
      makeCodec: () => (atOnce === true ? codec(suite) : holdingCodec(this.clock, codec(suite))),
    });
    this.devices.set(name, device);
    return device;
  }

  /** Ends all devices and stops time. */
  close(): void {
    for (const device of this.devices.values()) device.crash();
    this.clock.stop();
  }
}

/** A simulation: the same seed gives the same world. */
export function createMemoryWorld(options: MemoryWorldOptions): MemoryWorld {
  return new MemoryWorld(options);
}
