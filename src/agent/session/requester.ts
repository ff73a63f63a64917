import type { Bytes } from '../../core/bytes.ts';
import { PartnerError, RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Ask } from '../../core/wire/asks.ts';
import {
  REQUESTS_MAX,
  REQUEST_MAX_MS,
  REQUEST_TIMEOUT_MS,
  WINDOW_START_BYTES,
} from '../../core/wire/limits.ts';
import type { Message, ReplyMessage } from '../../core/wire/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Outbox, Payload } from './outbox.ts';
import type { WindowBudget } from './window.ts';
import { ReceiveWindow } from './window.ts';

export interface Answer {
  readonly items: readonly Bytes[];
  readonly more: boolean;
}

export interface RequestOptions {
  readonly payload?: Payload;
  /** most items that the reply may have */
  readonly replyItems: number;
  readonly onSent?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignalLike | undefined;
}

interface Request extends RequestOptions {
  readonly ask: Ask;
  readonly window: ReceiveWindow;
  items: Bytes[];
  /** items that came, kept or not */
  received: number;
  reply: ReplyMessage | undefined;
  /** the caller has its answer already (cancelled); the peer's end of the request is awaited */
  settled: boolean;
  movedAt: number;
  startedAt: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: RoostError) => void;
}

interface Waiting {
  readonly start: () => void;
  readonly reject: (error: RoostError) => void;
}

/** The requests that this end makes: numbered, side by side, each with its streams. */
export class Requester {
  readonly #outbox: Outbox;
  readonly #budget: WindowBudget;
  readonly #clock: Clock;
  readonly #open = new Map<number, Request>();
  #waiting: Waiting[] = [];
  #nextId: number;
  #broken: RoostError | undefined;

  /** @param firstId 1 or 2: both ends number their own requests with one parity each */
  constructor(outbox: Outbox, budget: WindowBudget, clock: Clock, firstId: 1 | 2) {
    this.#outbox = outbox;
    this.#budget = budget;
    this.#clock = clock;
    this.#nextId = firstId;
  }

  /**
   * Asks and waits for the whole answer.
   * @throws RoostError the partner's fault, 'unreachable', 'timeout', 'aborted'
   */
  request(ask: Ask, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      const { signal } = options;
      if (signal?.aborted === true) {
        reject(new RoostError('aborted', `request "${ask.kind}" was stopped`));
        return;
      }
      let cancel = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      };
      const onAbort = (): void => {
        settle();
        cancel();
        reject(new RoostError('aborted', `request "${ask.kind}" was stopped`));
      };
      const settle = (): void => signal?.removeEventListener('abort', onAbort);
      const waiting: Waiting = {
        start: () => {
          cancel = this.#start(ask, {
            ...options,
            resolve: (answer) => {
              settle();
              resolve(answer);
            },
            reject: waiting.reject,
          });
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort);
      if (this.#open.size < REQUESTS_MAX) waiting.start();
      else this.#waiting.push(waiting);
    });
  }

  /** Whether any request is open, cancelled ones that the peer has not ended included. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  /** Whether an id belongs to this end's requests. */
  owns(id: number): boolean {
    return id % 2 === this.#nextId % 2;
  }

  /** @throws RoostError 'malformed' when the message fits no request of ours */
  onMessage(message: Extract<Message, { readonly id: number }>, body: Bytes): void {
    const request = this.#open.get(message.id);
    if (request === undefined) {
      // Credit for items of a request that has just ended may still be under way.
      if (message.type === 'credit' && message.id < this.#nextId) return;
      throw new RoostError('malformed', `"${message.type}" must be about an open request, got ${message.id}`);
    }
    // Credit is no movement: what it lets through is noted when it is sent.
    if (message.type !== 'credit') request.movedAt = this.#clock.monotonic();
    switch (message.type) {
      case 'reply':
        this.#onReply(request, message, body);
        return;
      case 'item':
        this.#onItem(request, message.id, body);
        return;
      case 'fault':
        this.#end(message.id, request);
        // Their being stopped is no stop of ours.
        request.reject(
          new PartnerError(
            message.fault === 'aborted' ? 'unreachable' : message.fault,
            `partner: ${message.message}`,
          ),
        );
        return;
      case 'credit':
        if (request.payload === undefined) {
          throw new RoostError('malformed', `request ${message.id} must have a payload to be given credit`);
        }
        this.#outbox.grant(message.id, message.bytes);
        return;
      default:
        throw new RoostError('malformed', `"${message.type}" must not be sent by who answers`);
    }
  }

  /** Ends requests during which nothing moved. @throws RoostError 'timeout' when the peer does not even end cancelled ones */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const [id, request] of this.#open) {
      const still = now - request.movedAt >= REQUEST_TIMEOUT_MS;
      if (!still && now - request.startedAt < REQUEST_MAX_MS) continue;
      if (request.settled) {
        if (!still) continue;
        throw new RoostError('timeout', `partner did not end the cancelled request ${id}`);
      }
      const why = still
        ? `nothing moved for ${REQUEST_TIMEOUT_MS / 1000} s`
        : `not answered in ${REQUEST_MAX_MS / 60_000} minutes`;
      this.#cancel(id, request);
      request.reject(new PartnerError('timeout', `request "${request.ask.kind}": ${why}`));
    }
  }

  /** The clock stood still (sleep): nobody is blamed for that time. */
  forgive(): void {
    const now = this.#clock.monotonic();
    for (const request of this.#open.values()) {
      request.movedAt = now;
      request.startedAt = now;
    }
  }

  /** Rejects everything; later requests too. */
  close(error: RoostError): void {
    if (this.#broken !== undefined) return;
    this.#broken = new PartnerError(error.fault, error.message, { cause: error });
    const waiting = this.#waiting;
    this.#waiting = [];
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const request of [...open, ...waiting]) request.reject(this.#broken);
  }

  #start(ask: Ask, options: RequestOptions & Pick<Request, 'resolve' | 'reject'>): () => void {
    const id = this.#nextId;
    this.#nextId += 2;
    const credit = ReceiveWindow.opening(this.#budget);
    const request: Request = {
      ...options,
      ask,
      window: new ReceiveWindow(this.#budget, credit),
      items: [],
      received: 0,
      reply: undefined,
      settled: false,
      movedAt: this.#clock.monotonic(),
      startedAt: this.#clock.monotonic(),
    };
    this.#open.set(id, request);
    const message = { type: 'request', id, ask, window: credit } as const;
    if (options.payload === undefined) {
      this.#outbox.control(message);
    } else {
      this.#outbox.open(message, options.payload, WINDOW_START_BYTES, {
        onSent: (bytes) => {
          request.movedAt = this.#clock.monotonic();
          if (!request.settled) options.onSent?.(bytes);
        },
        onDone: () => undefined,
        onError: (error) => {
          this.#cancel(id, request);
          request.reject(new RoostError(faultOf(error), messageOf(error), { cause: error }));
        },
      });
    }
    return () => this.#cancel(id, request);
  }

  #onReply(request: Request, reply: ReplyMessage, first: Bytes): void {
    if (request.reply !== undefined)
      throw new RoostError('malformed', `request ${reply.id} must have one reply`);
    if (reply.items > request.replyItems) {
      throw new RoostError(
        'malformed',
        `reply to "${request.ask.kind}" must have at most ${request.replyItems} items, got ${reply.items}`,
      );
    }
    request.reply = reply;
    // What is answered needs no more of its payload ("have").
    this.#outbox.drop(reply.id);
    if (first.length > 0) this.#onItem(request, reply.id, first);
    else this.#complete(reply.id, request);
  }

  #onItem(request: Request, id: number, item: Bytes): void {
    const { reply } = request;
    if (reply === undefined) throw new RoostError('malformed', `item of request ${id} must follow its reply`);
    request.window.received(item.length);
    request.received++;
    const granted = request.window.taken(item.length);
    if (!request.settled) {
      request.items.push(item);
      if (granted > 0 && request.received < reply.items) {
        this.#outbox.control({ type: 'credit', id, bytes: granted });
      }
    }
    this.#complete(id, request);
  }

  #complete(id: number, request: Request): void {
    const { reply } = request;
    if (reply === undefined || request.received < reply.items) return;
    this.#end(id, request);
    request.resolve({ items: request.items, more: reply.more });
  }

  #cancel(id: number, request: Request): void {
    if (request.settled || !this.#open.has(id)) return;
    request.settled = true;
    request.items = [];
    request.movedAt = this.#clock.monotonic();
    this.#outbox.drop(id);
    this.#outbox.control({ type: 'cancel', id });
  }

  #end(id: number, request: Request): void {
    this.#open.delete(id);
    request.window.close();
    request.settled = true;
    this.#outbox.drop(id);
    this.#waiting.shift()?.start();
  }
}
