import type { DataConnection, Peer } from 'peerjs';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkIdentity } from '../../ports/platform.ts';
import type { Random } from '../../ports/random.ts';
import type { Channel, Transport } from '../../ports/transport.ts';
import { PeerChannel } from './peer-channel.ts';
import type { IceServer } from './peer-signaling.ts';
import { PeerSignaling } from './peer-signaling.ts';

const CONNECT_TIMEOUT_MS = 20_000;
/** The broker that introduces us also names the servers; one that does not is not waited for longer. */
const ICE_SERVERS_TIMEOUT_MS = 3_000;
/** Incoming connections that are not open yet; whoever knows our id can ask for any number. */
const HALF_OPEN_MAX = 64;

export interface PeerJsTransportOptions {
  /** address of the broker, any of http, https, ws, wss, a path allowed */
  readonly broker: string;
  readonly identity: NetworkIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** STUN and TURN servers; 'later' when `setIceServers` will tell them */
  readonly iceServers: readonly IceServer[] | 'later';
}

interface Attempt {
  readonly device: DeviceId;
  readonly reject: (error: RoostError) => void;
}

/** Channels by an unmodified PeerJS client. Its public STUN and TURN servers are never used. */
export class PeerJsTransport implements Transport {
  readonly #options: PeerJsTransportOptions;
  readonly #signaling: PeerSignaling;
  readonly #channels = new Set<PeerChannel>();
  readonly #attempts = new Set<Attempt>();
  #halfOpen = 0;
  #onIncoming: ((channel: Channel) => void) | undefined;
  #closed = false;
  readonly #iceKnown: Promise<void>;
  #onIceKnown: () => void = () => undefined;

  constructor(options: PeerJsTransportOptions) {
    this.#options = options;
    this.#signaling = new PeerSignaling({ ...options, onPeer: (peer) => this.#watch(peer) });
    this.#iceKnown = new Promise((resolve) => {
      this.#onIceKnown = resolve;
    });
    if (options.iceServers !== 'later') this.setIceServers(options.iceServers);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** STUN and TURN servers of connections made from now on, as the broker gives them. */
  setIceServers(servers: readonly IceServer[]): void {
    this.#signaling.setIceServers(servers);
    this.#onIceKnown();
  }

  async connect(device: DeviceId, { signal }: Cancellable = {}): Promise<Channel> {
    if (signal?.aborted) throw new RoostError('aborted', 'connecting was ended');
    if (this.#closed) throw new RoostError('unreachable', 'the transport is closed');
    if (device === this.#options.identity.device)
      throw new RoostError('usage', 'a device does not connect to itself');
    let attempt: Attempt | undefined;
    let connection: DataConnection | undefined;
    let channel: PeerChannel | undefined;
    let cancelTimeout: (() => void) | undefined;
    const failed = new Promise<never>((_, reject) => {
      attempt = { device, reject };
      cancelTimeout = this.#options.clock.after(CONNECT_TIMEOUT_MS, () => {
        reject(new RoostError('timeout', `device ${device} did not answer within ${CONNECT_TIMEOUT_MS} ms`));
      });
    });
    const onAbort = (): void => attempt?.reject(new RoostError('aborted', 'connecting was ended'));
    signal?.addEventListener('abort', onAbort);
    if (attempt !== undefined) this.#attempts.add(attempt);
    try {
      const peer = await Promise.race([this.#signaling.open(signal), failed]);
      const cancelWait = this.#options.clock.after(ICE_SERVERS_TIMEOUT_MS, () => this.#onIceKnown());
      await Promise.race([this.#iceKnown, failed]).finally(cancelWait);
      connection = peer.connect(device, { serialization: 'raw', reliable: true });
      await Promise.race([opened(connection), failed]);
      channel = this.#channel(connection, device, true);
      await Promise.race([bound(channel, connection), failed]);
      return channel;
    } catch (error) {
      channel?.abort('connecting failed');
      connection?.close();
      throw error;
    } finally {
      cancelTimeout?.();
      signal?.removeEventListener('abort', onAbort);
      if (attempt !== undefined) this.#attempts.delete(attempt);
    }
  }

  onIncoming(handler: (channel: Channel) => void): () => void {
    this.#onIncoming = handler;
    return () => {
      if (this.#onIncoming === handler) this.#onIncoming = undefined;
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#attempts) reject(new RoostError('aborted', 'the transport was closed'));
    for (const channel of this.#channels) channel.abort('the transport was closed');
    this.#signaling.close();
    await Promise.resolve();
  }

  #watch(peer: Peer): void {
    // Waiting at the broker came to nothing: it tells for which device, and other attempts go on.
    peer.socket.on('message', (message: unknown) => {
      const { type, src } = (message ?? {}) as { readonly type?: unknown; readonly src?: unknown };
      if (type !== 'EXPIRE') return;
      for (const attempt of this.#attempts) {
        if (attempt.device === src)
          attempt.reject(new RoostError('unreachable', `device ${attempt.device} is away`));
      }
    });
    peer.on('connection', (connection) => void this.#accept(connection));
    // We never take calls; PeerJS would keep them for ever.
    peer.on('call', (call) => call.close());
  }

  async #accept(connection: DataConnection): Promise<void> {
    if (this.#closed || this.#halfOpen >= HALF_OPEN_MAX) {
      connection.close();
      return;
    }
    this.#halfOpen++;
    const { clock, log } = this.#options;
    let channel: PeerChannel | undefined;
    let cancelTimeout: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      cancelTimeout = clock.after(CONNECT_TIMEOUT_MS, () =>
        reject(new RoostError('timeout', 'it did not open in time')),
      );
    });
    try {
      const claimed = parseDeviceId(connection.peer);
      await Promise.race([opened(connection), late]);
      const { dataChannel } = connection;
      if (connection.serialization !== 'raw' || !dataChannel.ordered || dataChannel.maxRetransmits !== null) {
        throw new RoostError('refused', 'an incoming channel must be raw, ordered and reliable');
      }
      channel = this.#channel(connection, claimed, false);
      await Promise.race([bound(channel, connection), late]);
      if (this.#onIncoming === undefined) throw new RoostError('refused', 'nobody listens for channels');
      this.#onIncoming(channel);
    } catch (error) {
      log.debug('incoming-channel-refused', { reason: messageOf(error) });
      channel?.abort('refused');
      connection.close();
    } finally {
      cancelTimeout?.();
      this.#halfOpen--;
    }
  }

  /** Called in the turn in which the channel opened, so that no message is missed. */
  #channel(connection: DataConnection, claimed: DeviceId, initiator: boolean): PeerChannel {
    if (this.#closed) throw new RoostError('aborted', 'the transport was closed');
    const { dataChannel, peerConnection } = connection;
    const channel = new PeerChannel({
      claimed,
      initiator,
      dataChannel,
      connection: peerConnection,
      destroy: () => {
        this.#channels.delete(channel);
        connection.close();
        peerConnection.close();
      },
      after: (ms, callback) => this.#options.clock.after(ms, callback),
    });
    this.#channels.add(channel);
    return channel;
  }
}

/** Resolves when a connection has opened. @throws RoostError 'unreachable' when it fails first */
function opened(connection: DataConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new RoostError('unreachable', `the connection failed: ${reason}`));
    connection.once('open', () => resolve());
    connection.once('error', (error) => fail(error.type));
    connection.once('close', () => fail('it was closed'));
  });
}

/**
 * Resolves when the channel's binding is known: a channel may open before the page is told that the answer is set.
 * @throws RoostError 'malformed' | 'unreachable' when the connection ends first
 */
async function bound(channel: PeerChannel, { peerConnection }: DataConnection): Promise<void> {
  while (peerConnection.signalingState !== 'stable' || peerConnection.remoteDescription === null) {
    if (peerConnection.signalingState === 'closed')
      throw new RoostError('unreachable', 'the connection was closed');
    await new Promise((resolve) => {
      peerConnection.addEventListener('signalingstatechange', resolve, { once: true });
      channel.onClose(resolve);
    });
  }
  // Throws here, before anybody has the channel, when a description has not exactly one fingerprint.
  void channel.binding;
}
