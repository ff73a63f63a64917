import type { DataChannel } from 'node-datachannel';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { FRAME_MAX_BYTES, MIB } from '../../core/limits.ts';
import type { Channel } from '../../ports/transport.ts';

/** Longest message of every browser; some announce more. */
export const MESSAGE_MAX_BYTES = 256 * 1024;
/** Messages kept while nobody listens; a session listens at once. */
const EARLY_MAX_BYTES = 4 * MIB;
/** What is queued may still leave after `close`; a peer that takes nothing is not waited for longer. */
const LINGER_MS = 2_000;

export interface RtcChannelParts {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  readonly dataChannel: DataChannel;
  /** Ends the connection. */
  readonly destroy: () => void;
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** An open data channel of libdatachannel. */
export class RtcChannel implements Channel {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  readonly maxMessageBytes: number;
  readonly #parts: RtcChannelParts;
  #closed: string | undefined;
  #closing = false;
  #early: Bytes[] = [];
  #earlyBytes = 0;
  #onMessage: ((message: Bytes) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #waiters: { readonly bytes: number; readonly resolve: () => void }[] = [];

  /** @throws RoostError 'unsupported' when the peer takes no frame of ours */
  constructor(parts: RtcChannelParts) {
    const { dataChannel } = parts;
    this.#parts = parts;
    this.claimed = parts.claimed;
    this.initiator = parts.initiator;
    this.binding = parts.binding;
    this.maxMessageBytes = Math.min(dataChannel.maxMessageSize(), MESSAGE_MAX_BYTES);
    if (this.maxMessageBytes < FRAME_MAX_BYTES) {
      throw new RoostError(
        'unsupported',
        `peer must take ${FRAME_MAX_BYTES} bytes, got ${this.maxMessageBytes}`,
      );
    }
    dataChannel.onMessage((message) => this.#receive(message));
    dataChannel.onBufferedAmountLow(() => this.#wake());
    dataChannel.onClosed(() => this.end('the other end closed the channel'));
    dataChannel.onError((error) => this.end(`the channel failed: ${error}`));
  }

  get bufferedAmount(): number {
    return this.#closed === undefined ? this.#parts.dataChannel.bufferedAmount() : 0;
  }

  send(message: Bytes): void {
    if (this.#closed !== undefined || this.#closing) {
      throw new RoostError('unreachable', `the channel is closed: ${this.#closed ?? 'by us'}`);
    }
    if (message.length > this.maxMessageBytes) {
      throw new RoostError(
        'usage',
        `a message must be at most ${this.maxMessageBytes} bytes, got ${message.length}`,
      );
    }
    try {
      this.#parts.dataChannel.sendMessageBinary(message);
    } catch (error) {
      this.end(`sending failed: ${messageOf(error)}`);
      throw new RoostError('unreachable', 'the channel is closed: sending failed', { cause: error });
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
    const reason = this.#closed;
    if (reason !== undefined) queueMicrotask(() => this.#tellClosed(reason));
  }

  close(): void {
    if (this.#closed !== undefined || this.#closing) return;
    this.#closing = true;
    const cancel = this.#parts.after(LINGER_MS, () => this.end('closed by us'));
    // What is queued leaves first.
    void this.drained(0).then(() => {
      cancel();
      this.end('closed by us');
    });
  }

  /** Ends it at once, without waiting for what is queued. */
  end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = this.#closing ? 'closed by us' : reason;
    for (const { resolve } of this.#waiters) resolve();
    this.#waiters = [];
    this.#early = [];
    this.#parts.destroy();
    this.#tellClosed(this.#closed);
  }

  #receive(message: string | Buffer | ArrayBuffer): void {
    if (this.#closed !== undefined) return;
    if (typeof message === 'string') {
      this.end('the other end sent text');
      return;
    }
    const bytes: Bytes =
      message instanceof ArrayBuffer
        ? new Uint8Array(message)
        : new Uint8Array(message.buffer as ArrayBuffer, message.byteOffset, message.byteLength);
    if (this.#onMessage !== undefined) {
      this.#onMessage(bytes);
      return;
    }
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > EARLY_MAX_BYTES) this.end('too many messages before anybody listened');
    else this.#early.push(bytes);
  }

  /** Resolves the waits that are over and arms the event for the next: the largest bound is reached first. */
  #wake(): void {
    const amount = this.bufferedAmount;
    const over = this.#waiters.filter(({ bytes }) => amount <= bytes);
    this.#waiters = this.#waiters.filter(({ bytes }) => amount > bytes);
    for (const { resolve } of over) resolve();
    if (this.#waiters.length === 0) return;
    const bound = Math.max(...this.#waiters.map(({ bytes }) => bytes));
    this.#parts.dataChannel.setBufferedAmountLowThreshold(bound);
    // It may have fallen while the bound was set, and then no event comes.
    if (this.bufferedAmount <= bound) queueMicrotask(() => this.#wake());
  }

  #tellClosed(reason: string): void {
    const handler = this.#onClose;
    this.#onClose = undefined;
    handler?.(reason);
  }
}
