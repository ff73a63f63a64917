import type { PeerJSOption } from 'peerjs';
import { Peer } from 'peerjs';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { parseBrokerUrl } from '../../core/wire/broker-auth.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkIdentity } from '../../ports/platform.ts';
import type { Random } from '../../ports/random.ts';
import { answerSignalingChallenge, isSignalingChallenge } from '../websocket/signaling-auth.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;

/** PeerJS types its options as a class of which none can be made. */
const PeerOf: new (id: string, options: PeerJSOption) => Peer = Peer;

/** An iceServers entry as the operator's broker gives it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

export interface SignalingParts {
  /** address of the broker, any of http, https, ws, wss, a path allowed */
  readonly broker: string;
  readonly identity: NetworkIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called for each new Peer, before it can emit anything. */
  readonly onPeer: (peer: Peer) => void;
}

/**
 * Keeps a PeerJS client at the broker: answers its challenge, comes back with backoff when the broker goes away. Open
 * channels stay.
 */
export class PeerSignaling {
  readonly #parts: SignalingParts;
  /** given to PeerJS by reference: connections made later use what is in it then */
  readonly #config: RTCConfiguration = { iceServers: [] };
  #peer: Peer | undefined;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #waiters = new Set<{
    readonly resolve: (peer: Peer) => void;
    readonly reject: (error: RoostError) => void;
  }>();
  #closed = false;
  readonly #onOnline = (): void => {
    if (this.#cancelRetry === undefined) return;
    this.#failures = 0;
    this.#cancelRetry();
    this.#retry();
  };

  constructor(parts: SignalingParts) {
    this.#parts = parts;
    addEventListener('online', this.#onOnline);
    this.#make();
  }

  setIceServers(servers: readonly IceServer[]): void {
    this.#config.iceServers = servers.map(({ urls, username, credential }) => ({
      urls: [...urls],
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    }));
  }

  /**
   * The Peer once it is known to the broker.
   * @throws RoostError 'unreachable' when the broker is away, 'aborted'
   */
  async open(signal: AbortSignalLike | undefined): Promise<Peer> {
    if (this.#closed) throw new RoostError('unreachable', 'the transport is closed');
    if (this.#peer?.open === true && !this.#peer.disconnected) return this.#peer;
    if (this.#failures > 0) throw new RoostError('unreachable', 'the broker does not answer');
    return new Promise((resolve, reject) => {
      const waiter = {
        resolve: (peer: Peer) => {
          done();
          resolve(peer);
        },
        reject: (error: RoostError) => {
          done();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.reject(new RoostError('aborted', 'connecting was ended'));
      const done = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiters.add(waiter);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    removeEventListener('online', this.#onOnline);
    this.#cancelRetry?.();
    this.#peer?.destroy();
    this.#rejectWaiters('the transport is closed');
  }

  #make(): void {
    const { broker, identity, log, onPeer } = this.#parts;
    const { secure, host, port, path } = parseBrokerUrl(broker);
    const options: PeerJSOption = { key: 'peerjs', host, port, path, secure, config: this.#config };
    const peer = new PeerOf(identity.device, options);
    this.#peer = peer;
    peer.socket.on('message', (message: unknown) => {
      if (isSignalingChallenge(message)) void this.#answer(peer, message);
    });
    peer.on('open', () => {
      this.#failures = 0;
      log.info('signaling-open');
      for (const { resolve } of [...this.#waiters]) resolve(peer);
    });
    // Both follow a loss; `destroyed` when the broker never took us.
    peer.on('disconnected', () => this.#lost(peer));
    peer.on('close', () => this.#lost(peer));
    peer.on('error', ({ type }) => log.debug('peer-error', { type }));
    onPeer(peer);
  }

  async #answer(peer: Peer, challenge: unknown): Promise<void> {
    try {
      peer.socket.send(await answerSignalingChallenge(this.#parts.broker, this.#parts.identity, challenge));
    } catch (error) {
      this.#parts.log.warn('signaling-challenge-refused', { reason: messageOf(error) });
    }
  }

  #lost(peer: Peer): void {
    if (this.#closed || peer !== this.#peer || this.#cancelRetry !== undefined) return;
    this.#failures++;
    this.#rejectWaiters('the broker does not answer');
    const { clock, random } = this.#parts;
    const most = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (this.#failures - 1));
    // Jitter: after a broker's restart not everybody comes back at once.
    this.#cancelRetry = clock.after(most * (0.5 + random.fraction() / 2), () => this.#retry());
  }

  #retry(): void {
    this.#cancelRetry = undefined;
    const peer = this.#peer;
    // PeerJS destroys a Peer that the broker refused before it was ever open; then there are no channels to keep.
    if (peer === undefined || peer.destroyed) this.#make();
    else peer.reconnect();
  }

  #rejectWaiters(reason: string): void {
    for (const { reject } of [...this.#waiters]) reject(new RoostError('unreachable', reason));
  }
}
