import { randomBytes } from 'node:crypto';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { AbortSignalLike, Cancellable } from '../../core/progress.ts';
import type { Channel, Transport } from '../../ports/transport.ts';
import type { IceServer } from './ice-servers.ts';
import { nativeIceServers } from './ice-servers.ts';
import type { RtcConnectionParts } from './rtc-connection.ts';
import { RtcConnection } from './rtc-connection.ts';
import type { Signal, SignalingOptions } from './signaling-client.ts';
import { SignalingClient } from './signaling-client.ts';

const CONNECT_TIMEOUT_MS = 20_000;
/** PeerJS's ids of data connections begin so. */
const CONNECTION_ID_PREFIX = 'dc_';
const CONNECTION_ID_MAX_CHARS = 128;
/** Connections that others began and that are not open yet. */
const INCOMING_MAX = 64;

export interface RtcTransportOptions extends SignalingOptions {
  /** asked anew for each connection, as credentials of TURN servers expire */
  readonly iceServers?: () => Promise<readonly IceServer[]>;
}

/** WebRTC data channels of libdatachannel, introduced by the broker; the other end may be a browser with PeerJS. */
export class RtcTransport implements Transport {
  readonly #options: RtcTransportOptions;
  readonly #signaling: SignalingClient;
  /** by device and connection id */
  readonly #connections = new Map<string, RtcConnection>();
  /** called with a fault when the broker says that a device is not there */
  readonly #absent = new Map<DeviceId, Set<(error: RoostError) => void>>();
  readonly #early = new Map<string, Signal[]>();
  #incoming = 0;
  #handler: ((channel: Channel) => void) | undefined;
  #closed = false;

  /** @throws RoostError 'malformed' when the broker's address is none */
  constructor(options: RtcTransportOptions) {
    this.#options = options;
    this.#signaling = new SignalingClient(options, (signal) => this.#signal(signal));
  }

  async connect(device: DeviceId, { signal }: Cancellable = {}): Promise<Channel> {
    this.#check();
    const deadline = this.#options.clock.abortController();
    const cancelTimer = this.#options.clock.after(CONNECT_TIMEOUT_MS, () =>
      deadline.abort(
        new RoostError('timeout', `device ${device} did not answer within ${CONNECT_TIMEOUT_MS} ms`),
      ),
    );
    const abort = (): void =>
      deadline.abort(
        new RoostError('aborted', `connecting to ${device} was aborted`, { cause: signal?.reason }),
      );
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    try {
      return await this.#connect(device, deadline.signal);
    } catch (error) {
      throw deadline.signal.aborted ? (deadline.signal.reason as RoostError) : error;
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', abort);
    }
  }

  onIncoming(handler: (channel: Channel) => void): () => void {
    this.#handler = handler;
    return () => {
      if (this.#handler === handler) this.#handler = undefined;
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signaling.close();
    for (const connection of [...this.#connections.values()]) connection.close();
    this.#early.clear();
    await Promise.resolve();
  }

  #check(): void {
    if (this.#closed) throw new RoostError('unreachable', 'the transport is closed');
  }

  async #connect(device: DeviceId, signal: AbortSignalLike): Promise<Channel> {
    stopIf(signal);
    await this.#signaling.ready(signal);
    const iceServers = await this.#iceServers();
    this.#check();
    stopIf(signal);
    return new Promise<Channel>((resolve, reject) => {
      const connectionId = `${CONNECTION_ID_PREFIX}${randomBytes(10).toString('hex')}`;
      const waiting = this.#absent.get(device) ?? new Set();
      this.#absent.set(device, waiting);
      const giveUp = (error: RoostError): void => connection.end(error.message);
      const abort = (): void => giveUp(signal.reason as RoostError);
      const settled = (): void => {
        signal.removeEventListener('abort', abort);
        waiting.delete(giveUp);
        if (waiting.size === 0 && this.#absent.get(device) === waiting) this.#absent.delete(device);
      };
      const connection = this.#make(device, connectionId, true, iceServers, {
        opened: (channel) => {
          settled();
          resolve(channel);
        },
        ended: (error) => {
          settled();
          reject(error);
        },
      });
      waiting.add(giveUp);
      signal.addEventListener('abort', abort);
    });
  }

  #make(
    device: DeviceId,
    connectionId: string,
    initiator: boolean,
    iceServers: readonly IceServer[],
    events: { readonly opened: (channel: Channel) => void; readonly ended: RtcConnectionParts['ended'] },
  ): RtcConnection {
    const key = `${device} ${connectionId}`;
    const connection = new RtcConnection({
      device,
      connectionId,
      initiator,
      iceServers: nativeIceServers(iceServers),
      send: (type, payload) => this.#signaling.send(type, device, payload),
      after: (ms, callback) => this.#options.clock.after(ms, callback),
      opened: events.opened,
      ended: (error) => {
        this.#connections.delete(key);
        events.ended(error);
      },
    });
    this.#connections.set(key, connection);
    return connection;
  }

  #signal(signal: Signal): void {
    if (this.#closed) return;
    try {
      const device = parseDeviceId(signal.src);
      if (signal.type === 'EXPIRE') {
        const error = new RoostError('unreachable', `device ${device} is not connected to the broker`);
        for (const giveUp of [...(this.#absent.get(device) ?? [])]) giveUp(error);
        return;
      }
      // Channels outlive a device's connection to the broker.
      if (signal.type === 'LEAVE') return;
      const { connectionId } = signal.payload;
      if (typeof connectionId !== 'string' || connectionId.length > CONNECTION_ID_MAX_CHARS) return;
      const key = `${device} ${connectionId}`;
      if (signal.type === 'OFFER') void this.#offered(device, connectionId, signal);
      else if (this.#early.has(key)) this.#early.get(key)?.push(signal);
      else this.#continue(this.#connections.get(key), signal);
    } catch (error) {
      this.#options.log.warn('signal refused', { type: signal.type, reason: messageOf(error) });
    }
  }

  /** What follows an offer or an answer. */
  #continue(connection: RtcConnection | undefined, { type, payload }: Signal): void {
    if (connection === undefined) return;
    try {
      if (type === 'ANSWER') connection.describeRemote('answer', payload['sdp']);
      else connection.addCandidate(payload['candidate']);
    } catch (error) {
      connection.end(messageOf(error));
      throw error;
    }
  }

  async #offered(device: DeviceId, connectionId: string, signal: Signal): Promise<void> {
    const key = `${device} ${connectionId}`;
    const taken = this.#connections.has(key) || this.#early.has(key);
    if (taken || this.#handler === undefined || this.#incoming >= INCOMING_MAX) {
      this.#options.log.info('offer refused', { taken, waiting: this.#incoming });
      return;
    }
    this.#incoming++;
    // Candidates come while the servers are asked for.
    const early: Signal[] = [];
    this.#early.set(key, early);
    const iceServers = await this.#iceServers();
    this.#early.delete(key);
    if (this.#closed) return;
    let pending = true;
    const settled = (): void => {
      if (!pending) return;
      pending = false;
      this.#incoming--;
      cancelTimer();
    };
    const connection = this.#make(device, connectionId, false, iceServers, {
      opened: (channel) => {
        settled();
        if (this.#handler === undefined) channel.close();
        else this.#handler(channel);
      },
      ended: (error) => {
        if (pending) this.#options.log.info('incoming connection failed', { reason: error.message });
        settled();
      },
    });
    const cancelTimer = this.#options.clock.after(CONNECT_TIMEOUT_MS, () => {
      if (pending) connection.end('it did not open in time');
    });
    try {
      connection.describeRemote('offer', signal.payload['sdp']);
      for (const followed of early) this.#continue(connection, followed);
    } catch (error) {
      connection.end(messageOf(error));
    }
  }

  async #iceServers(): Promise<readonly IceServer[]> {
    try {
      return (await this.#options.iceServers?.()) ?? [];
    } catch (error) {
      // Without them, devices of one network still find each other.
      this.#options.log.info('no ICE servers', { reason: messageOf(error) });
      return [];
    }
  }
}

function stopIf(signal: AbortSignalLike): void {
  if (signal.aborted) throw signal.reason as RoostError;
}
