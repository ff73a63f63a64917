import type { DeviceTap, Passage } from '../../../src/adapters/memory/memory-network.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { Fault } from '../../../src/core/errors.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import type { Ask } from '../../../src/core/wire/asks.ts';
import { askItems } from '../../../src/core/wire/asks.ts';
import type { Message } from '../../../src/core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/wire/messages.ts';

/** A request that somebody made to the liar's device. */
export interface Request {
  readonly by: DeviceId;
  readonly id: number;
  readonly ask: Ask;
  /** items that came with it so far */
  readonly items: Bytes[];
  /** Answers it in the device's place; for a swallowed request only. */
  answer(items: readonly Bytes[]): void;
  /** Refuses it in the device's place; for a swallowed request only. */
  refuse(fault?: Fault): void;
}

/** Where a liar departs from the protocol; what it leaves out the shipping agent on its device does. */
export interface Liar {
  /** a request comes in: 'swallow' keeps it, and all that belongs to it, from the device */
  asked?(request: Request): 'pass' | 'swallow';
  /** an item came with a request */
  brought?(request: Request, item: Bytes): void;
  /** an item of the device's own answer: what is sent in its place, perhaps later */
  shown?(request: Request, item: Bytes): Bytes | Promise<Bytes>;
  /** the device asks something itself: 'swallow' lets it never leave */
  asking?(to: DeviceId, ask: Ask): 'pass' | 'swallow';
}

interface Talk {
  readonly requests: Map<number, Request>;
  readonly swallowed: Set<number>;
  /** own requests that never left */
  readonly unsent: Set<number>;
  /** items that are sent later, in their order */
  later: Promise<void>;
}

/** Puts a liar between a device and the network: its handshake is its own, its answers are the liar's. */
export function liarTap(liar: Liar): DeviceTap {
  const talks = new Map<DeviceId, Talk>();
  return (bytes, passage) => {
    const other = passage.outgoing ? passage.to : passage.from;
    const { message, body } = decodeMessage(bytes);
    let talk = talks.get(other);
    // Requests are numbered anew on a new channel.
    if (talk === undefined || message.type === 'hello') {
      talk = { requests: new Map(), swallowed: new Set(), unsent: new Set(), later: Promise.resolve() };
      talks.set(other, talk);
    }
    return passage.outgoing
      ? leaving(liar, talk, message, body, bytes, passage)
      : arriving(liar, talk, message, body, bytes, passage);
  };
}

function arriving(
  liar: Liar,
  talk: Talk,
  message: Message,
  body: Bytes,
  bytes: Bytes,
  passage: Passage,
): Bytes | undefined {
  if (message.type === 'request') {
    const { id, ask } = message;
    const request: Request = {
      by: passage.from,
      id,
      ask,
      items: [],
      answer: (items) => answer(passage, id, items),
      refuse: (fault = 'refused') =>
        passage.send(encodeMessage({ type: 'fault', id, fault, message: 'not now' })),
    };
    talk.requests.set(id, request);
    const swallows = liar.asked?.(request) === 'swallow';
    if (swallows) talk.swallowed.add(id);
    if (body.length > 0) bring(liar, request, body);
    return swallows ? undefined : bytes;
  }
  if (!('id' in message)) return bytes;
  const request = talk.requests.get(message.id);
  if (message.type === 'item' && request !== undefined && request.items.length < askItems(request.ask)) {
    bring(liar, request, body);
  }
  return talk.swallowed.has(message.id) && message.type !== 'reply' && message.type !== 'fault'
    ? undefined
    : bytes;
}

function bring(liar: Liar, request: Request, item: Bytes): void {
  request.items.push(item.slice());
  liar.brought?.(request, item);
}

function leaving(
  liar: Liar,
  talk: Talk,
  message: Message,
  body: Bytes,
  bytes: Bytes,
  passage: Passage,
): Bytes | undefined {
  if (message.type === 'request' && liar.asking?.(passage.to, message.ask) === 'swallow') {
    talk.unsent.add(message.id);
    return undefined;
  }
  // A short first item comes with its reply.
  const hasItem = message.type === 'item' || (message.type === 'reply' && body.length > 0);
  if (!hasItem) return bytes;
  const { id } = message;
  if (talk.unsent.has(id)) return undefined;
  const request = talk.requests.get(id);
  if (request === undefined || request.items.length < askItems(request.ask)) return bytes;
  if (liar.shown === undefined) return bytes;
  const shown = liar.shown(request, body);
  if (!(shown instanceof Promise)) return encodeMessage(message, shown);
  talk.later = talk.later.then(async () => passage.send(encodeMessage({ type: 'item', id }, await shown)));
  return message.type === 'reply' ? encodeMessage(message) : undefined;
}

function answer({ send }: Passage, id: number, items: readonly Bytes[]): void {
  send(encodeMessage({ type: 'reply', id, items: items.length, more: false }));
  for (const item of items) send(encodeMessage({ type: 'item', id }, item));
}
