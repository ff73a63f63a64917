import type { Bytes } from '../../core/bytes.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import { askItems } from '../../core/wire/asks.ts';
import {
  REQUESTS_MAX,
  REQUEST_MAX_MS,
  REQUEST_TIMEOUT_MS,
  WINDOW_START_BYTES,
} from '../../core/wire/limits.ts';
import type { Message, RequestMessage } from '../../core/wire/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { AnswerRoom } from './answer-room.ts';
import type { Reply } from './answers.ts';
import { answer } from './answers.ts';
import { ItemQueue } from './item-queue.ts';
import type { Outbox, Payload } from './outbox.ts';
import type { Peer, RequestHandler } from './types.ts';
import type { WindowBudget } from './window.ts';
import { ReceiveWindow } from './window.ts';

interface Serving {
  readonly id: number;
  readonly request: RequestMessage;
  readonly queue: ItemQueue;
  /** of the request's payload; undefined when it has none */
  readonly window: ReceiveWindow | undefined;
  readonly items: number;
  received: number;
  /** has its first credit */
  welcomed: boolean;
  movedAt: number;
  startedAt: number;
  /** gives back the room that its answer takes */
  leave: () => void;
}

export interface ResponderOptions {
  readonly outbox: Outbox;
  readonly budget: WindowBudget;
  readonly clock: Clock;
  readonly log: Log;
  readonly peer: Peer;
  readonly handler: RequestHandler;
  /** the peer broke the protocol in a way that only the payload showed */
  readonly onViolation: (error: RoostError) => void;
}

/** The requests that the peer makes: each is answered once, by the handler's answer or by a fault. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #open = new Map<number, Serving>();
  /** requests that ended before all of their items came: what their credit still allows is let pass */
  readonly #ended = new Map<number, ReceiveWindow>();
  readonly #room = new AnswerRoom();
  #lastId = 0;
  /** handlers at work and segments being read, those of cancelled requests included */
  #running = 0;
  #closed = false;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return this.#open.size > 0;
  }

  /**
   * @param first the first item of its payload, empty when it did not come with the request
   * @throws RoostError 'malformed' when the message breaks the protocol
   */
  onRequest(request: RequestMessage, first: Bytes): void {
    const { id } = request;
    if (id <= this.#lastId) {
      throw new RoostError('malformed', `request must be numbered above ${this.#lastId}, got ${id}`);
    }
    if (this.#open.size >= REQUESTS_MAX) {
      throw new RoostError('malformed', `requests at work must be at most ${REQUESTS_MAX}, got one more`);
    }
    this.#lastId = id;
    const { budget, clock } = this.#options;
    const items = askItems(request.ask);
    const now = clock.monotonic();
    const serving: Serving = {
      id,
      request,
      queue: new ItemQueue(),
      window: items > 0 ? new ReceiveWindow(budget, WINDOW_START_BYTES) : undefined,
      items,
      received: 0,
      welcomed: false,
      movedAt: now,
      startedAt: now,
      leave: () => undefined,
    };
    this.#open.set(id, serving);
    if (first.length > 0) this.#take(serving, first);
    if (this.#running >= 2 * REQUESTS_MAX) {
      this.#fail(serving, new RoostError('busy', 'too many cancelled requests are still at work'));
      return;
    }
    void this.#serve(serving);
  }

  /** @throws RoostError 'malformed' when the message breaks the protocol */
  onMessage(message: Extract<Message, { readonly id: number }>, body: Bytes): void {
    const { id } = message;
    const serving = this.#open.get(id);
    if (serving === undefined) {
      this.#afterEnd(message, body);
      return;
    }
    // Credit is no movement: what it lets through is noted when it is sent.
    if (message.type !== 'credit') serving.movedAt = this.#options.clock.monotonic();
    switch (message.type) {
      case 'item':
        this.#take(serving, body);
        return;
      case 'credit':
        if (!this.#options.outbox.has(id)) {
          throw new RoostError('malformed', `credit must be for a reply under way, got request ${id}`);
        }
        this.#options.outbox.grant(id, message.bytes);
        return;
      case 'cancel':
        this.#fail(serving, new RoostError('aborted', 'cancelled'));
        return;
      default:
        throw new RoostError('malformed', `"${message.type}" must not be sent by who asks`);
    }
  }

  /** Ends requests whose asker has stopped sending items or giving credit, and those that trickle for too long. */
  tick(): void {
    const now = this.#options.clock.monotonic();
    for (const serving of this.#open.values()) {
      const waits = serving.queue.waiting || this.#options.outbox.has(serving.id);
      if (waits && now - serving.movedAt >= REQUEST_TIMEOUT_MS) {
        this.#fail(serving, new RoostError('timeout', `nothing moved for ${REQUEST_TIMEOUT_MS / 1000} s`));
      } else if (now - serving.startedAt >= REQUEST_MAX_MS) {
        this.#fail(serving, new RoostError('timeout', `not over in ${REQUEST_MAX_MS / 60_000} minutes`));
      }
    }
  }

  /** The clock stood still (sleep): nobody is blamed for that time. */
  forgive(): void {
    const now = this.#options.clock.monotonic();
    for (const serving of this.#open.values()) {
      serving.movedAt = now;
      serving.startedAt = now;
    }
  }

  /** Stops all work; receivers of shards are aborted. */
  close(error: RoostError): void {
    this.#closed = true;
    for (const serving of this.#open.values()) {
      serving.queue.stop(error);
      serving.window?.close();
    }
    this.#open.clear();
  }

  #take(serving: Serving, item: Bytes): void {
    const { id, window, items } = serving;
    if (window === undefined || serving.received === items) {
      throw new RoostError('malformed', `request ${id} must have ${items} items, got one more`);
    }
    window.received(item.length);
    serving.received++;
    serving.queue.push(item);
  }

  async #serve(serving: Serving): Promise<void> {
    const { outbox, clock } = this.#options;
    const { id, request } = serving;
    this.#running++;
    try {
      const reply = await this.#room.inTurn(request.ask, () => this.#answer(serving));
      if (!this.#open.has(id)) return;
      serving.leave = this.#room.take(reply.bytes);
      serving.movedAt = clock.monotonic();
      const message = { type: 'reply', id, items: reply.payload.count, more: reply.more } as const;
      outbox.open(message, this.#counted(reply.payload), request.window, {
        onSent: () => {
          serving.movedAt = clock.monotonic();
        },
        onDone: () => {
          this.#end(serving);
        },
        onError: (error) => {
          this.#fail(serving, error);
        },
      });
    } catch (error) {
      this.#fail(serving, error);
    } finally {
      this.#running--;
    }
  }

  async #answer(serving: Serving): Promise<Reply> {
    const { outbox, clock, handler, peer } = this.#options;
    const { id, request, window } = serving;
    if (!this.#open.has(id)) throw new RoostError('aborted', 'the request has ended before its turn');
    return answer(handler, peer, request.ask, {
      next: () => {
        this.#welcome(serving);
        return serving.queue.next();
      },
      violation: (error) => {
        this.#options.onViolation(error);
        return error;
      },
      taken: (bytes) => {
        serving.movedAt = clock.monotonic();
        if (window === undefined || !this.#open.has(id)) return;
        const granted = window.taken(bytes);
        if (granted > 0 && serving.received < serving.items)
          outbox.control({ type: 'credit', id, bytes: granted });
      },
    });
  }

  /** Reading an item is work until it ends, also when nobody waits for it any more. */
  #counted(payload: Payload): Payload {
    const read = async (reading: Promise<Bytes>): Promise<Bytes> => {
      this.#running++;
      try {
        return await reading;
      } finally {
        this.#running--;
      }
    };
    return {
      count: payload.count,
      item: (index) => {
        const found = payload.item(index);
        return found instanceof Promise ? read(found) : found;
      },
    };
  }

  /** The handler takes a payload of many items: it gets the credit that this session has learned at once. */
  #welcome(serving: Serving): void {
    const { id, window, items } = serving;
    if (window === undefined || items === 1 || serving.welcomed) return;
    serving.welcomed = true;
    const { budget, outbox } = this.#options;
    const granted = window.widen(ReceiveWindow.opening(budget));
    if (granted > 0) outbox.control({ type: 'credit', id, bytes: granted });
  }

  #fail(serving: Serving, error: unknown): void {
    if (!this.#open.has(serving.id)) return;
    const { outbox, log } = this.#options;
    this.#end(serving);
    const foreign = !(error instanceof RoostError);
    if (foreign || error.fault === 'internal') {
      log.error('session.handler-failed', { ask: serving.request.ask.kind, reason: messageOf(error) });
    }
    // What a mistake of ours says is not for others.
    const message = foreign ? 'internal error' : error.message;
    outbox.control({ type: 'fault', id: serving.id, fault: faultOf(error), message });
  }

  #end(serving: Serving): void {
    const { id, window, queue } = serving;
    this.#open.delete(id);
    this.#options.outbox.drop(id);
    serving.leave();
    queue.stop(new RoostError('aborted', 'the request has ended'));
    if (window === undefined) return;
    window.close();
    if (serving.received === serving.items) return;
    this.#ended.set(id, window);
    const [oldest] = this.#ended.keys();
    // Fewer than REQUESTS_MAX can be ended here and still be open there.
    if (this.#ended.size > 2 * REQUESTS_MAX && oldest !== undefined) this.#ended.delete(oldest);
  }

  #afterEnd(message: Extract<Message, { readonly id: number }>, body: Bytes): void {
    const { type, id } = message;
    if (id > this.#lastId) {
      throw new RoostError('malformed', `"${type}" must be about a request that was made, got ${id}`);
    }
    if (type === 'cancel' || type === 'credit' || this.#closed) return;
    const window = this.#ended.get(id);
    if (type !== 'item' || window === undefined) {
      throw new RoostError('malformed', `"${type}" must be about a request that is open, got ${id}`);
    }
    window.received(body.length);
  }
}
