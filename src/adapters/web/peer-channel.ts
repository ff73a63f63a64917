import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { FRAME_MAX_BYTES, MIB } from '../../core/limits.ts';
import type { Channel } from '../../ports/transport.ts';
import type { Binding } from './dtls-binding.ts';
import { bindingOf } from './dtls-binding.ts';

/** Longest message of every browser; some announce more or no bound at all. */
const MESSAGE_MAX_BYTES = 256 * 1024;
/** Messages kept while nobody listens; a session listens at once. */
const EARLY_MAX_BYTES = 4 * MIB;
/** What is queued may still leave after `close`; a peer that takes nothing is not waited for longer. */
const LINGER_MS = 2_000;

export interface PeerChannelParts {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly dataChannel: RTCDataChannel;
  readonly connection: RTCPeerConnection;
  /** Ends the connection at once, PeerJS's part included. */
  readonly destroy: () => void;
  /** Calls back after `ms`; returns a function that cancels. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** A data channel that PeerJS opened. It watches the connection itself, because PeerJS does not tell of a dead peer. */
export class PeerChannel implements Channel {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly maxMessageBytes: number;
  readonly #parts: PeerChannelParts;
  #binding: Binding | undefined;
  #closed: string | undefined;
  #closing = false;
  #early: Bytes[] = [];
  #earlyBytes = 0;
  #onMessage: ((message: Bytes) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #waiters: { readonly bytes: number; readonly resolve: () => void }[] = [];

  /** @throws RoostError 'unsupported' when the peer takes no frame of ours */
  constructor(parts: PeerChannelParts) {
    const { dataChannel, connection } = parts;
    this.#parts = parts;
    this.claimed = parts.claimed;
    this.initiator = parts.initiator;
    // 0 says that there is no bound (RFC 8841).
    const announced = connection.sctp?.maxMessageSize ?? 0;
    this.maxMessageBytes = announced === 0 ? MESSAGE_MAX_BYTES : Math.min(announced, MESSAGE_MAX_BYTES);
    if (this.maxMessageBytes < FRAME_MAX_BYTES) {
      throw new RoostError(
        'unsupported',
        `peer must take ${FRAME_MAX_BYTES} bytes, got ${this.maxMessageBytes}`,
      );
    }
    dataChannel.binaryType = 'arraybuffer';
    dataChannel.addEventListener('message', (event: MessageEvent<unknown>) => this.#receive(event.data));
    dataChannel.addEventListener('close', () => this.#end('the other end closed the channel'));
    dataChannel.addEventListener('bufferedamountlow', () => this.#wake());
    connection.addEventListener('connectionstatechange', () => {
      const { connectionState } = connection;
      if (connectionState === 'failed' || connectionState === 'closed')
        this.#end(`the connection ${connectionState}`);
    });
  }

  /**
   * Known once the descriptions are set, which may be a little after the channel has opened.
   * @throws RoostError 'malformed' when a description has not exactly one fingerprint
   */
  get binding(): Binding {
    this.#binding ??= bindingOf(this.#parts.connection);
    return this.#binding;
  }

  get bufferedAmount(): number {
    return this.#closed === undefined ? this.#parts.dataChannel.bufferedAmount : 0;
  }

  send(message: Bytes): void {
    if (this.#closed !== undefined || this.#closing) {
      throw new RoostError('unreachable', `channel is closed: ${this.#closed ?? 'by us'}`);
    }
    if (message.length > this.maxMessageBytes) {
      throw new RoostError(
        'usage',
        `message must be at most ${this.maxMessageBytes} bytes, got ${message.length}`,
      );
    }
    try {
      this.#parts.dataChannel.send(message);
    } catch (cause) {
      this.#end(`sending failed: ${messageOf(cause)}`);
      throw new RoostError('unreachable', `channel is closed: ${messageOf(cause)}`, { cause });
    }
  }

  drained(bytes: number): Promise<void> {
    if (this.bufferedAmount <= bytes) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ bytes, resolve });
      this.#wake();
    });
  }

  onMessage(handler: (message: Bytes) => void): void {
    this.#onMessage = handler;
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const message of early) handler(message);
  }

  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
    if (this.#closed === undefined) return;
    const reason = this.#closed;
    queueMicrotask(() => this.#tellClosed(reason));
  }

  close(): void {
    if (this.#closed !== undefined || this.#closing) return;
    this.#closing = true;
    // What is queued leaves first; the close event follows when it has.
    this.#parts.dataChannel.close();
    this.#parts.after(LINGER_MS, () => this.#end('closed by us'));
  }

  /** Ends it at once, without waiting for what is queued. */
  abort(reason: string): void {
    this.#end(reason);
  }

  #receive(data: unknown): void {
    if (this.#closed !== undefined) return;
    if (!(data instanceof ArrayBuffer)) {
      this.#end('the other end sent text');
      return;
    }
    const message = new Uint8Array(data);
    if (this.#onMessage !== undefined) {
      this.#onMessage(message);
      return;
    }
    this.#earlyBytes += message.length;
    if (this.#earlyBytes > EARLY_MAX_BYTES) this.#end('too many messages before anybody listened');
    else this.#early.push(message);
  }

  /** Resolves the waits that are over and arms the event for the next: the largest bound is reached first. */
  #wake(): void {
    const amount = this.bufferedAmount;
    const over = this.#waiters.filter(({ bytes }) => amount <= bytes);
    this.#waiters = this.#waiters.filter(({ bytes }) => amount > bytes);
    for (const { resolve } of over) resolve();
    const [first, ...rest] = this.#waiters;
    if (first === undefined) return;
    const { dataChannel } = this.#parts;
    dataChannel.bufferedAmountLowThreshold = rest.reduce(
      (most, { bytes }) => Math.max(most, bytes),
      first.bytes,
    );
    // It may have fallen while the bound was set, and then no event comes.
    if (dataChannel.bufferedAmount <= dataChannel.bufferedAmountLowThreshold)
      queueMicrotask(() => this.#wake());
  }

  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = this.#closing ? 'closed by us' : reason;
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters = [];
    this.#parts.destroy();
    this.#tellClosed(this.#closed);
  }

  #tellClosed(reason: string): void {
    const handler = this.#onClose;
    this.#onClose = undefined;
    handler?.(reason);
  }
}
