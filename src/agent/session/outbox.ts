import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import {
  INLINE_ITEM_MAX_BYTES,
  QUEUE_LIMIT_BYTES,
  QUEUE_MAX_BYTES,
  QUEUE_START_BYTES,
  WINDOW_MAX_BYTES,
} from '../../core/wire/limits.ts';
import type { Message, ReplyMessage, RequestMessage } from '../../core/wire/messages.ts';
import { lentMessage } from '../../core/wire/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Channel } from '../../ports/transport.ts';
import type { UploadLimit } from './upload-limit.ts';

/** The items of one payload, fetched one after another when there is room to send them. */
export interface Payload {
  readonly count: number;
  item(index: number): Bytes | Promise<Bytes>;
}

export interface StreamEvents {
  onSent(bytes: number): void;
  /** all items are handed to the channel */
  onDone(): void;
  /** `payload.item` rejected; nothing more is sent */
  onError(error: unknown): void;
}

/** An item, now or later, or why there is none. */
type Fetched = Bytes | Promise<Bytes> | { readonly error: unknown };

interface Stream extends StreamEvents {
  readonly id: number;
  readonly payload: Payload;
  index: number;
  credit: number;
  next: Bytes | undefined;
  state: 'fetching' | 'starved' | 'ready' | 'gone';
}

/**
 * A drain of half the queue that took this long at most shows a link that can take more at once; or less. A request waits behind
 * the whole queue, so that is as short as keeps the link busy.
 */
const QUICK_DRAIN_MS = 25;
const SLOW_DRAIN_MS = 100;

/**
 * All that a session sends. Control messages go at once; the items of streams in turns, each stream as far as its credit goes
 * and all of them as far as the channel's queue has room.
 */
export class Outbox {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #uploads: UploadLimit | undefined;
  readonly #onBroken: (error: unknown) => void;
  readonly #streams = new Map<number, Stream>();
  #ready: Stream[] = [];
  #queueBytes = QUEUE_START_BYTES;
  #pumping = false;
  #closed = false;

  /** @param onBroken called once when the channel takes no more */
  constructor(
    channel: Channel,
    { clock, uploads }: { readonly clock: Clock; readonly uploads: UploadLimit | undefined },
    onBroken: (error: unknown) => void,
  ) {
    this.#channel = channel;
    this.#clock = clock;
    this.#uploads = uploads;
    this.#onBroken = onBroken;
  }

  /**
   * Sends a message that is bounded by what the peer asked for; a peer that does not read loses the session.
   * @returns whether it was sent
   */
  control(message: Message, body?: Bytes): boolean {
    if (this.#closed) return false;
    if (this.#channel.bufferedAmount > QUEUE_LIMIT_BYTES) {
      this.#break(
        new RoostError(
          'unreachable',
          `partner does not read: ${this.#channel.bufferedAmount} bytes are queued`,
        ),
      );
      return false;
    }
    const frame = lentMessage(message, body);
    this.#uploads?.sent(frame.length);
    return this.#send(frame);
  }

  /** Sends a request or reply and its payload: a short first item that is at hand with it, the others as credit allows. */
  open(message: RequestMessage | ReplyMessage, payload: Payload, credit: number, events: StreamEvents): void {
    const { id } = message;
    const stream: Stream = { ...events, id, payload, credit, index: 0, next: undefined, state: 'fetching' };
    if (payload.count === 0) {
      if (this.control(message)) events.onDone();
      return;
    }
    const first = fetch(stream);
    const short = first instanceof Uint8Array && first.length <= Math.min(credit, INLINE_ITEM_MAX_BYTES);
    this.#streams.set(id, stream);
    const sent = this.control(message, short ? first : undefined);
    // Also when it was not sent: an item that is still being fetched may fail, and somebody must hear of it.
    if (!short) this.#settle(stream, first);
    else if (sent) this.#sent(stream, first);
  }

  has(id: number): boolean {
    return this.#streams.has(id);
  }

  /** @throws RoostError 'malformed' when the grant is more than any window */
  grant(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (stream.credit + bytes > WINDOW_MAX_BYTES) {
      throw new RoostError(
        'malformed',
        `credit must stay within ${WINDOW_MAX_BYTES} bytes, got ${stream.credit} and ${bytes}`,
      );
    }
    stream.credit += bytes;
    if (stream.state === 'starved') this.#advance(stream);
  }

  /** Stops a payload; what is already in the channel still arrives. */
  drop(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.state = 'gone';
    stream.next = undefined;
    this.#streams.delete(id);
  }

  close(): void {
    this.#closed = true;
    for (const id of [...this.#streams.keys()]) this.drop(id);
    this.#ready = [];
  }

  #advance(stream: Stream): void {
    if (stream.next === undefined) this.#settle(stream, fetch(stream));
    else this.#enqueue(stream, stream.next);
  }

  #settle(stream: Stream, fetched: Fetched): void {
    if (fetched instanceof Uint8Array) {
      this.#enqueue(stream, fetched);
    } else if (fetched instanceof Promise) {
      fetched.then(
        (item) => {
          if (stream.state !== 'gone') this.#enqueue(stream, item);
        },
        (error: unknown) => {
          this.#abandon(stream, error);
        },
      );
    } else {
      this.#abandon(stream, fetched.error);
    }
  }

  #enqueue(stream: Stream, item: Bytes): void {
    stream.next = item;
    if (item.length > stream.credit) {
      stream.state = 'starved';
      return;
    }
    stream.state = 'ready';
    this.#ready.push(stream);
    if (!this.#pumping) void this.#pump();
  }

  #abandon(stream: Stream, error: unknown): void {
    if (stream.state === 'gone') return;
    this.drop(stream.id);
    stream.onError(error);
  }

  /** Sends ready items in turns. Never rejects. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (;;) {
        const stream = this.#ready.shift();
        if (stream === undefined || this.#closed) return;
        if (this.#channel.bufferedAmount >= this.#queueBytes) await this.#drain();
        const turn = stream.next && this.#uploads?.turn(stream.next.length);
        if (turn !== undefined) await turn;
        // While it waited the stream may have been dropped and the session closed.
        const item = stream.next;
        if (item === undefined) continue;
        if (!this.#send(lentMessage({ type: 'item', id: stream.id }, item))) return;
        this.#sent(stream, item);
      }
    } finally {
      this.#pumping = false;
    }
  }

  #sent(stream: Stream, item: Bytes): void {
    stream.next = undefined;
    stream.credit -= item.length;
    stream.index++;
    const done = stream.index === stream.payload.count;
    if (done) this.drop(stream.id);
    stream.onSent(item.length);
    if (done) stream.onDone();
    else if (stream.state !== 'gone') this.#advance(stream);
  }

  /** Waits for the channel's queue, and learns from the wait how long the queue should be. */
  async #drain(): Promise<void> {
    const before = this.#clock.monotonic();
    await this.#channel.drained(this.#queueBytes / 2);
    const took = this.#clock.monotonic() - before;
    if (took <= QUICK_DRAIN_MS) {
      this.#queueBytes = Math.min(QUEUE_MAX_BYTES, this.#queueBytes + QUEUE_START_BYTES);
    } else if (took >= SLOW_DRAIN_MS) {
      this.#queueBytes = Math.max(QUEUE_START_BYTES, this.#queueBytes / 2);
    }
  }

  #send(frame: Bytes): boolean {
    if (this.#closed) return false;
    try {
      this.#channel.send(frame);
      return true;
    } catch (error) {
      this.#break(error);
      return false;
    }
  }

  #break(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#onBroken(error);
  }
}

/** The next item of a stream. Never throws. */
function fetch(stream: Stream): Fetched {
  stream.state = 'fetching';
  try {
    return stream.payload.item(stream.index);
  } catch (error) {
    return { error };
  }
}
