import type { Bytes } from '../../core/bytes.ts';
import type { Fault } from '../../core/errors.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { Ask } from '../../core/wire/asks.ts';
import type { Message } from '../../core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Channel } from '../../ports/transport.ts';
import { Heartbeat } from './heartbeat.ts';
import { Outbox } from './outbox.ts';
import type { SessionLink } from './remote.ts';
import type { Answer, RequestOptions } from './requester.ts';
import { Requester } from './requester.ts';
import { Responder } from './responder.ts';
import type { Peer, RequestHandler } from './types.ts';
import type { UploadLimit } from './upload-limit.ts';
import { WindowBudget } from './window.ts';

/** A farewell gets this long to leave before the channel is closed under it. */
const FAREWELL_MS = 1_000;

export interface SessionParts {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly log: Log;
  readonly peer: Peer;
  readonly handler: RequestHandler;
  readonly uploads: UploadLimit | undefined;
}

/** A channel on which both ends have proved themselves: tells messages apart and ends the session when one does not fit. */
export class Session implements SessionLink {
  readonly peer: Peer;
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #requester: Requester;
  readonly #responder: Responder;
  readonly #heartbeat: Heartbeat;
  #closeHandlers: ((reason: string) => void)[] = [];
  #closedBecause: string | undefined;

  constructor(parts: SessionParts) {
    const { channel, clock, log, peer, handler, uploads } = parts;
    this.peer = peer;
    this.#channel = channel;
    this.#clock = clock;
    this.#log = log;
    const outbox = new Outbox(channel, { clock, uploads }, (error) => {
      this.#end('unreachable', messageOf(error), false);
    });
    const budget = new WindowBudget();
    this.#outbox = outbox;
    this.#requester = new Requester(outbox, budget, clock, channel.initiator ? 1 : 2);
    this.#responder = new Responder({
      outbox,
      budget,
      clock,
      log,
      peer,
      handler,
      onViolation: (error) => {
        this.#violated(error);
      },
    });
    const pings = channel.tellsDeath !== true;
    this.#heartbeat = new Heartbeat(
      { clock, pings },
      {
        ping: (nonce) => {
          outbox.control({ type: 'ping', nonce });
        },
        busy: () => this.#requester.busy || this.#responder.busy,
        tick: () => {
          this.#guarded(() => {
            this.#requester.tick();
            this.#responder.tick();
          });
        },
        slept: () => {
          this.#requester.forgive();
          this.#responder.forgive();
        },
        dead: (silentMs) => {
          this.#end('timeout', `partner has been silent for ${Math.round(silentMs / 1000)} s`, false);
        },
      },
    );
  }

  get closed(): boolean {
    return this.#closedBecause !== undefined;
  }

  request(ask: Ask, options: RequestOptions): Promise<Answer> {
    const answer = this.#requester.request(ask, options);
    this.#heartbeat.wake();
    return answer;
  }

  /** Called once, at once when the session has ended already. */
  onClose(handler: (reason: string) => void): void {
    if (this.#closedBecause === undefined) this.#closeHandlers.push(handler);
    else handler(this.#closedBecause);
  }

  close(reason: string): void {
    this.#end('aborted', reason, true);
  }

  /** A message came over the channel. */
  receive(bytes: Bytes): void {
    if (this.closed) return;
    this.#heartbeat.heard();
    this.#guarded(() => {
      const { message, body } = decodeMessage(bytes);
      this.#dispatch(message, body);
    });
  }

  /** The channel has closed under us. */
  lost(reason: string): void {
    this.#end('unreachable', reason, false);
  }

  #dispatch(message: Message, body: Bytes): void {
    switch (message.type) {
      case 'ping':
        this.#outbox.control({ type: 'pong', nonce: message.nonce });
        return;
      case 'pong':
        return;
      case 'bye':
        this.#end(message.fault, `partner: ${message.reason}`, false);
        return;
      case 'request':
        if (this.#requester.owns(message.id)) {
          throw new RoostError('malformed', `request must be numbered by who asks, got ${message.id}`);
        }
        this.#responder.onRequest(message, body);
        this.#heartbeat.wake();
        return;
      case 'reply':
      case 'fault':
      case 'item':
      case 'credit':
      case 'cancel':
        if (this.#requester.owns(message.id)) this.#requester.onMessage(message, body);
        else this.#responder.onMessage(message, body);
        return;
      case 'hello':
      case 'prove':
      case 'welcome':
        throw new RoostError('malformed', `"${message.type}" must not come after the handshake`);
      default:
        message satisfies never;
    }
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#violated(error);
    }
  }

  #violated(error: unknown): void {
    this.#log.warn('session.broken', {
      device: this.peer.device,
      fault: faultOf(error),
      reason: messageOf(error),
    });
    this.#end(faultOf(error), messageOf(error), true);
  }

  #end(fault: Fault, reason: string, farewell: boolean): void {
    if (this.#closedBecause !== undefined) return;
    this.#closedBecause = reason;
    this.#heartbeat.stop();
    this.#outbox.close();
    const error = new RoostError('unreachable', `session with the partner has ended: ${reason}`);
    this.#requester.close(error);
    this.#responder.close(error);
    if (farewell) sayBye(this.#channel, this.#clock, fault, reason);
    else this.#channel.close();
    const handlers = this.#closeHandlers;
    this.#closeHandlers = [];
    for (const handler of handlers) handler(reason);
  }
}

/** Says why, lets it leave, closes. Never throws. */
export function sayBye(channel: Channel, clock: Clock, fault: Fault, reason: string): void {
  let cancel = (): void => undefined;
  const close = (): void => {
    cancel();
    channel.close();
  };
  try {
    channel.send(encodeMessage({ type: 'bye', fault, reason }));
  } catch {
    // Closed already: nobody is there to hear it.
    channel.close();
    return;
  }
  cancel = clock.after(FAREWELL_MS, close);
  channel.drained(0).then(close, close);
}
