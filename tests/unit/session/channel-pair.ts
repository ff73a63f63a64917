import type { Bytes } from '../../../src/core/bytes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import type { Channel } from '../../../src/ports/transport.ts';

/** Two ends of an in-memory channel: messages arrive in order, each in a task of its own. */

export interface PairOptions {
  /** what happens to a message on its way; gives the messages that arrive instead */
  readonly middle?: (from: 'initiator' | 'responder', message: Bytes) => readonly Bytes[];
  /** messages that may be under way in one direction before `bufferedAmount` grows */
  readonly wire?: number;
  /** fingerprints that the initiator sees; the responder sees them the other way round */
  readonly bindings?: { readonly initiator: [Bytes, Bytes]; readonly responder: [Bytes, Bytes] };
  /** as Channel.tellsDeath; without it, sessions ping */
  readonly tellsDeath?: boolean;
  readonly claimed: { readonly initiatorSees: DeviceId; readonly responderSees: DeviceId };
}

export class TestChannel implements Channel {
  readonly claimed: DeviceId;
  readonly initiator: boolean;
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  readonly maxMessageBytes = 262_144;
  readonly tellsDeath: boolean;
  other: TestChannel | undefined;
  closedBecause: string | undefined;
  sent = 0;
  /** stops delivery to the other end, as a dead link does */
  stalled = false;
  peakBuffered = 0;
  readonly #middle: PairOptions['middle'];
  readonly #wire: number;
  #queue: Bytes[] = [];
  #buffered = 0;
  #moving = 0;
  #kept: Bytes[] = [];
  #onMessage: ((message: Bytes) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #waiters: { bytes: number; resolve: () => void }[] = [];

  constructor(initiator: boolean, claimed: DeviceId, binding: [Bytes, Bytes], options: PairOptions) {
    this.initiator = initiator;
    this.claimed = claimed;
    this.binding = { local: binding[0], remote: binding[1] };
    this.tellsDeath = options.tellsDeath ?? false;
    this.#middle = options.middle;
    this.#wire = options.wire ?? 4;
  }

  get bufferedAmount(): number {
    return this.#buffered;
  }

  send(message: Bytes): void {
    if (this.closedBecause !== undefined) throw new RoostError('unreachable', 'channel is closed');
    this.sent++;
    this.#queue.push(message.slice());
    this.#buffered += message.length;
    this.peakBuffered = Math.max(this.peakBuffered, this.#buffered);
    this.#move();
  }

  drained(bytes: number): Promise<void> {
    if (this.#buffered <= bytes || this.closedBecause !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ bytes, resolve }));
  }

  onMessage(handler: (message: Bytes) => void): void {
    this.#onMessage = handler;
    for (const message of this.#kept.splice(0)) handler(message);
  }

  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
    if (this.closedBecause !== undefined) handler(this.closedBecause);
  }

  close(): void {
    this.cut('closed');
    this.other?.cut('closed by the other end');
  }

  /** This end learns that the channel is gone. */
  cut(reason: string): void {
    if (this.closedBecause !== undefined) return;
    this.closedBecause = reason;
    this.#wake();
    this.#onClose?.(reason);
  }

  #move(): void {
    while (this.#moving < this.#wire && !this.stalled) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#moving++;
      setImmediate(() => {
        this.#moving--;
        this.#buffered -= message.length;
        if (this.closedBecause === undefined) {
          const arrive = this.#middle?.(this.initiator ? 'initiator' : 'responder', message) ?? [message];
          for (const each of arrive) this.other?.deliver(each);
        }
        this.#wake();
        this.#move();
      });
    }
  }

  deliver(message: Bytes): void {
    if (this.closedBecause !== undefined) return;
    if (this.#onMessage === undefined) this.#kept.push(message);
    else this.#onMessage(message);
  }

  #wake(): void {
    const ready = this.#waiters.filter((w) => this.closedBecause !== undefined || this.#buffered <= w.bytes);
    this.#waiters = this.#waiters.filter((w) => !ready.includes(w));
    for (const { resolve } of ready) resolve();
  }
}

export function channelPair(options: PairOptions): [TestChannel, TestChannel] {
  const [a, b] = [new Uint8Array(32).fill(0xa), new Uint8Array(32).fill(0xb)];
  const { bindings = { initiator: [a, b], responder: [b, a] }, claimed } = options;
  const initiator = new TestChannel(true, claimed.initiatorSees, bindings.initiator, options);
  const responder = new TestChannel(false, claimed.responderSees, bindings.responder, options);
  initiator.other = responder;
  responder.other = initiator;
  return [initiator, responder];
}
