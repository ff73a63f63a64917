import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Channel, Transport } from '../../ports/transport.ts';
import type { Life } from './life.ts';
import { MemoryChannel } from './memory-channel.ts';
import type { LinkSpeed } from './memory-link.ts';
import { MemoryLink } from './memory-link.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A failure told later than this is not told "within seconds" (Channel.tellsDeath). */
const TOLD_WITHIN_MS = 30_000;

type TwoDevices = readonly [DeviceId, DeviceId];
const pairOf = (a: DeviceId, b: DeviceId): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** What a man in the middle does to each message; undefined swallows it. */
export type Tamper = (message: Bytes, from: DeviceId, to: DeviceId) => Bytes | undefined;

/** A message on its way from or to a device that a tap was set on. */
export interface Passage {
  readonly from: DeviceId;
  readonly to: DeviceId;
  /** true for a message that the tapped device sent */
  readonly outgoing: boolean;
  /** Sends a message to the other end as if the tapped device had. */
  send(message: Bytes): void;
}

/** What a device that does not keep the protocol does to its messages; undefined swallows one. */
export type DeviceTap = (message: Bytes, passage: Passage) => Bytes | undefined;

interface Connection {
  readonly devices: TwoDevices;
  readonly ends: readonly [MemoryChannel, MemoryChannel];
  readonly links: readonly [MemoryLink, MemoryLink];
  stalled: boolean;
  /** times it was stalled: tells one cut from the next */
  stalls: number;
}

/** The wires between simulated devices. Everything may be changed while channels are open. */
export class MemoryNetwork {
  /** of every link; `setSpeed` overrides it for two devices */
  speed: LinkSpeed = { latencyMs: 0, bytesPerSecond: Infinity };
  /** How long a channel whose wire is cut stays open before both ends are told; WebRTC takes about 16 s. */
  failAfterMs = 0;
  /** Sees every message as it is delivered. */
  onDeliver: ((message: Bytes, from: DeviceId, to: DeviceId) => void) | undefined;
  /** Whether introductions are possible; the world ties it to the broker. */
  canIntroduce: () => boolean = () => true;

  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #transports = new Map<DeviceId, MemoryTransport>();
  readonly #connections = new Set<Connection>();
  readonly #byDevice = new Map<DeviceId, Set<Connection>>();
  readonly #speeds = new Map<string, LinkSpeed>();
  readonly #cuts = new Set<string>();
  readonly #offline = new Set<DeviceId>();
  readonly #taps = new Map<string, Tamper>();
  readonly #deviceTaps = new Map<DeviceId, DeviceTap>();
  /** messages that a tap made itself and must not see again */
  readonly #madeByTap = new WeakSet<Bytes>();
  #groups: readonly ReadonlySet<DeviceId>[] = [];

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Plugs a device in, for one run of its program. */
  join(device: DeviceId, life: Life): Transport {
    const transport = new MemoryTransport(device, life, this.#random.bytes(32), {
      connect: (from, to) => this.#connect(from, to),
      leave: (closing) => this.#leave(closing),
    });
    this.#transports.set(device, transport);
    life.onEnd(() => this.#leave(transport));
    return transport;
  }

  setSpeed(a: DeviceId, b: DeviceId, speed: LinkSpeed | undefined): void {
    if (speed === undefined) this.#speeds.delete(pairOf(a, b));
    else this.#speeds.set(pairOf(a, b), speed);
  }

  /** Cuts the wire between two devices until `mend`. */
  cut(a: DeviceId, b: DeviceId): void {
    this.#cuts.add(pairOf(a, b));
    this.#review();
  }

  mend(a: DeviceId, b: DeviceId): void {
    this.#cuts.delete(pairOf(a, b));
    this.#review();
  }

  /** Devices of different groups cannot reach each other; a device of no group reaches all. Ended by `partition()`. */
  partition(...groups: readonly (readonly DeviceId[])[]): void {
    this.#groups = groups.map((group) => new Set(group));
    this.#review();
  }

  setOffline(device: DeviceId, offline: boolean): void {
    if (offline) this.#offline.add(device);
    else this.#offline.delete(device);
    this.#review(this.#connectionsOf(device));
  }

  isOffline(device: DeviceId): boolean {
    return this.#offline.has(device);
  }

  /**
   * Puts a man in the middle of channels that two devices open from now on: each end sees a fingerprint of his.
   * @param tamper what he does to messages; passes them on unchanged when left out.
   */
  intercept(a: DeviceId, b: DeviceId, tamper: Tamper = (message) => message): void {
    this.#taps.set(pairOf(a, b), tamper);
  }

  endIntercept(a: DeviceId, b: DeviceId): void {
    this.#taps.delete(pairOf(a, b));
  }

  /** Puts a liar in the place of a device: fingerprints stay, so its sessions are its own. undefined takes it away. */
  tapDevice(device: DeviceId, tap: DeviceTap | undefined): void {
    if (tap === undefined) this.#deviceTaps.delete(device);
    else this.#deviceTaps.set(device, tap);
  }

  /** Closes every channel between two devices as a failed connection would; they may connect again. */
  disconnect(a: DeviceId, b: DeviceId): void {
    for (const connection of [...this.#connections]) {
      if (pairOf(...connection.devices) === pairOf(a, b)) this.#fail(connection);
    }
  }

  /** Open channels now. */
  get channels(): number {
    return this.#connections.size;
  }

  reachable(a: DeviceId, b: DeviceId): boolean {
    if (this.#offline.has(a) || this.#offline.has(b) || this.#cuts.has(pairOf(a, b))) return false;
    const groupOf = (device: DeviceId): number => this.#groups.findIndex((group) => group.has(device));
    const [one, two] = [groupOf(a), groupOf(b)];
    return one === -1 || two === -1 || one === two;
  }

  async #connect(from: MemoryTransport, to: DeviceId): Promise<Channel> {
    const speed = this.#speedOf(from.device, to);
    // offer there, answer back
    if (speed.latencyMs > 0)
      await new Promise<void>((resolve) => this.#clock.after(2 * speed.latencyMs, resolve));
    else await Promise.resolve();
    from.life.check();
    if (!this.canIntroduce()) throw new RoostError('unreachable', 'the simulated broker is away');
    const target = this.#transports.get(to);
    if (target?.listening !== true || !this.reachable(from.device, to)) {
      throw new RoostError('unreachable', `device ${to} does not answer`);
    }
    return this.#join(from, target);
  }

  #join(from: MemoryTransport, to: MemoryTransport): Channel {
    const devices: TwoDevices = [from.device, to.device];
    const tap = this.#taps.get(pairOf(...devices));
    const tellsDeath = this.failAfterMs <= TOLD_WITHIN_MS;
    const shownToFrom = tap === undefined ? to.fingerprint : this.#random.bytes(32);
    const shownToTo = tap === undefined ? from.fingerprint : this.#random.bytes(32);
    const speed = (): LinkSpeed => this.#speedOf(...devices);
    const forth: MemoryLink = new MemoryLink(this.#clock, speed, (message) => {
      const arrived = this.#passed(message, devices, tap, { forth, back });
      if (arrived !== undefined) there.receive(arrived);
    });
    const back: MemoryLink = new MemoryLink(this.#clock, speed, (message) => {
      const arrived = this.#passed(message, [devices[1], devices[0]], tap, { forth: back, back: forth });
      if (arrived !== undefined) here.receive(arrived);
    });
    const here: MemoryChannel = new MemoryChannel({
      life: from.life,
      claimed: to.device,
      initiator: true,
      binding: { local: from.fingerprint, remote: shownToFrom },
      tellsDeath,
      transmit: (message, left) => forth.transmit(message, left),
      closing: () => forth.afterAll(() => this.#shut(connection, there, 'closed by the other side')),
    });
    const there: MemoryChannel = new MemoryChannel({
      life: to.life,
      claimed: from.device,
      initiator: false,
      binding: { local: to.fingerprint, remote: shownToTo },
      tellsDeath,
      transmit: (message, left) => back.transmit(message, left),
      closing: () => back.afterAll(() => this.#shut(connection, here, 'closed by the other side')),
    });
    const connection: Connection = {
      devices,
      ends: [here, there],
      links: [forth, back],
      stalled: false,
      stalls: 0,
    };
    this.#add(connection);
    to.incoming(there);
    return here;
  }

  /** What of a message arrives, after all who may change it; `links` are seen from its sender. */
  #passed(
    message: Bytes,
    [from, to]: TwoDevices,
    between: Tamper | undefined,
    links: { readonly forth: MemoryLink; readonly back: MemoryLink },
  ): Bytes | undefined {
    const byDevice = (device: DeviceId, bytes: Bytes | undefined, own: MemoryLink): Bytes | undefined => {
      const tap = this.#deviceTaps.get(device);
      if (tap === undefined || bytes === undefined || this.#madeByTap.has(bytes)) return bytes;
      const send = (made: Bytes): void => {
        this.#madeByTap.add(made);
        own.transmit(made, () => undefined);
      };
      return tap(bytes, { from, to, outgoing: device === from, send });
    };
    const left = byDevice(from, message, links.forth);
    const passed = left === undefined || between === undefined ? left : between(left, from, to);
    const arrived = byDevice(to, passed, links.back);
    if (arrived !== undefined) this.onDeliver?.(arrived, from, to);
    return arrived;
  }

  #connectionsOf(device: DeviceId): ReadonlySet<Connection> {
    return this.#byDevice.get(device) ?? new Set();
  }

  #add(connection: Connection): void {
    this.#connections.add(connection);
    for (const device of connection.devices) {
      const own = this.#byDevice.get(device) ?? new Set();
      this.#byDevice.set(device, own.add(connection));
    }
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection);
    for (const device of connection.devices) this.#byDevice.get(device)?.delete(connection);
  }

  #shut(connection: Connection, end: MemoryChannel, reason: string): void {
    this.#remove(connection);
    end.shut(reason);
  }

  #fail(connection: Connection): void {
    this.#remove(connection);
    for (const link of connection.links) link.drop();
    for (const end of connection.ends) end.shut('the connection failed');
  }

  /** Stalls or resumes channels after the network has changed. */
  #review(connections: Iterable<Connection> = this.#connections): void {
    for (const connection of [...connections]) {
      const usable = this.reachable(...connection.devices);
      if (usable === !connection.stalled) continue;
      connection.stalled = !usable;
      for (const link of connection.links) {
        if (usable) link.resume();
        else link.stall();
      }
      if (!usable) this.#failLater(connection);
    }
  }

  #failLater(connection: Connection): void {
    if (this.failAfterMs === 0) this.#fail(connection);
    else {
      const stall = ++connection.stalls;
      this.#clock.after(this.failAfterMs, () => {
        const same = connection.stalled && connection.stalls === stall;
        if (same && this.#connections.has(connection)) this.#fail(connection);
      });
    }
  }

  #leave(transport: MemoryTransport): void {
    if (this.#transports.get(transport.device) === transport) this.#transports.delete(transport.device);
    for (const connection of [...this.#connectionsOf(transport.device)]) {
      const own = connection.ends.find((_end, index) => connection.devices[index] === transport.device);
      if (own === undefined) continue;
      if (transport.life.alive) own.close();
      else {
        // A crash says no goodbye: the other end learns it when its connection fails.
        connection.stalled = true;
        for (const link of connection.links) link.drop();
        this.#failLater(connection);
      }
    }
  }

  #speedOf(a: DeviceId, b: DeviceId): LinkSpeed {
    return this.#speeds.get(pairOf(a, b)) ?? this.speed;
  }
}

interface Switchboard {
  connect(from: MemoryTransport, to: DeviceId): Promise<Channel>;
  leave(transport: MemoryTransport): void;
}

class MemoryTransport implements Transport {
  readonly device: DeviceId;
  readonly life: Life;
  readonly fingerprint: Bytes;
  readonly #switchboard: Switchboard;
  #handler: ((channel: Channel) => void) | undefined;
  #closed = false;

  constructor(device: DeviceId, life: Life, fingerprint: Bytes, switchboard: Switchboard) {
    this.device = device;
    this.life = life;
    this.fingerprint = fingerprint;
    this.#switchboard = switchboard;
  }

  get listening(): boolean {
    return this.#handler !== undefined && !this.#closed && this.life.alive;
  }

  async connect(device: DeviceId, { signal }: Cancellable = {}): Promise<Channel> {
    this.life.check();
    if (this.#closed) throw new RoostError('unreachable', 'this transport is closed');
    const aborted = (): RoostError =>
      new RoostError('aborted', `connecting to ${device} was aborted`, { cause: signal?.reason });
    if (signal?.aborted === true) throw aborted();
    const connecting = this.#switchboard.connect(this, device);
    if (signal === undefined) return connecting;
    return new Promise<Channel>((resolve, reject) => {
      const abort = (): void => reject(aborted());
      signal.addEventListener('abort', abort);
      connecting.then(
        (channel) => {
          signal.removeEventListener('abort', abort);
          if (signal.aborted) channel.close();
          else resolve(channel);
        },
        (error: unknown) => {
          signal.removeEventListener('abort', abort);
          reject(error instanceof Error ? error : new RoostError('internal', String(error)));
        },
      );
    });
  }

  onIncoming(handler: (channel: Channel) => void): () => void {
    this.#handler = handler;
    return () => {
      if (this.#handler === handler) this.#handler = undefined;
    };
  }

  incoming(channel: Channel): void {
    this.#handler?.(channel);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#switchboard.leave(this);
    await Promise.resolve();
  }
}
