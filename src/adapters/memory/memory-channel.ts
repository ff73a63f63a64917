import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Channel } from '../../ports/transport.ts';
import type { Life } from './life.ts';

/** As WebRTC's: largest message of a data channel between browsers. */
const MESSAGE_MAX_BYTES = 262_144;

export interface ChannelEnd {
  readonly life: Life;
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  readonly tellsDeath: boolean;
  /** Puts a message on the wire; `left` is called when it is there. */
  transmit(message: Bytes, left: () => void): void;
  /** Called once when this end closes by itself. */
  closing(): void;
}

/** One end of a simulated channel. */
export class MemoryChannel implements Channel {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  readonly tellsDeath: boolean;
  readonly maxMessageBytes = MESSAGE_MAX_BYTES;
  readonly #end: ChannelEnd;
  #buffered = 0;
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  #kept: Bytes[] = [];
  #onMessage: ((message: Bytes) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #closedBecause: string | undefined;

  constructor(end: ChannelEnd) {
    this.#end = end;
    this.claimed = end.claimed;
    this.initiator = end.initiator;
    this.binding = end.binding;
    this.tellsDeath = end.tellsDeath;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  get open(): boolean {
    return this.#closedBecause === undefined && this.#end.life.alive;
  }

  send(message: Bytes): void {
    if (!this.open) {
      throw new RoostError(
        'unreachable',
        `the channel is closed: ${this.#closedBecause ?? 'the device has crashed'}`,
      );
    }
    if (message.length > MESSAGE_MAX_BYTES) {
      throw new RoostError(
        'usage',
        `a message must be at most ${MESSAGE_MAX_BYTES} bytes, got ${message.length}`,
      );
    }
    this.#buffered += message.length;
    this.#end.transmit(message.slice(), () => {
      this.#buffered -= message.length;
      this.#wake();
    });
  }

  drained(bytes: number): Promise<void> {
    if (this.#buffered <= bytes || this.#closedBecause !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ bytes, resolve }));
  }

  onMessage(handler: (message: Bytes) => void): void {
    this.#onMessage = handler;
    const kept = this.#kept;
    this.#kept = [];
    for (const message of kept) handler(message);
  }

  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
    if (this.#closedBecause !== undefined) this.#tellClose();
  }

  close(): void {
    if (this.#closedBecause !== undefined) return;
    this.shut('closed here');
    this.#end.closing();
  }

  /** A message has come over the wire. */
  receive(message: Bytes): void {
    if (!this.open) return;
    if (this.#onMessage === undefined) this.#kept.push(message);
    else this.#onMessage(message);
  }

  /** The channel has ended; the handler is told. */
  shut(reason: string): void {
    if (this.#closedBecause !== undefined) return;
    this.#closedBecause = reason;
    this.#buffered = 0;
    this.#wake();
    this.#tellClose();
  }

  #tellClose(): void {
    const handler = this.#onClose;
    this.#onClose = undefined;
    if (handler !== undefined && this.#end.life.alive) handler(this.#closedBecause ?? '');
  }

  #wake(): void {
    const closed = this.#closedBecause !== undefined;
    const ready = this.#waiting.filter(({ bytes }) => closed || this.#buffered <= bytes);
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}
