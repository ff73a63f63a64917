import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { Fault } from '../errors.ts';
import { RoostError } from '../errors.ts';
import type { CooperativeId } from '../ids.ts';
import { cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { CERTIFICATE_MAX_BYTES, FRAME_HEADER_MAX_BYTES } from '../limits.ts';
import type { Fields } from '../schema.ts';
import { readCbor } from '../schema.ts';
import type { Ask } from './asks.ts';
import { askFields, askItems, readAsk } from './asks.ts';
import { decodeFrame, encodeFrame, lentFrame } from './frame.ts';
import {
  INLINE_ITEM_MAX_BYTES,
  ITEMS_MAX,
  ITEM_MAX_BYTES,
  NONCE_BYTES,
  REASON_MAX_CHARS,
  WINDOW_MAX_BYTES,
  WINDOW_START_BYTES,
} from './limits.ts';

/** PROTOCOL.md "Frames": the header of a frame, a map with `t` for its type. The body is an item of a payload. */
export type Message =
  | HelloMessage
  | ProveMessage
  /** the responder accepts the initiator's proof */
  | { readonly type: 'welcome' }
  | RequestMessage
  | ReplyMessage
  /** the request failed; ends it even after a reply and some items */
  | { readonly type: 'fault'; readonly id: number; readonly fault: Fault; readonly message: string }
  /** the next item of the payload of a request or of its reply; the body is the item. A short first one travels with the request or reply */
  | { readonly type: 'item'; readonly id: number }
  /** so many bytes more may be sent on this stream */
  | { readonly type: 'credit'; readonly id: number; readonly bytes: number }
  /** the requester needs no answer any more; the responder still ends the request */
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'ping'; readonly nonce: number }
  | { readonly type: 'pong'; readonly nonce: number }
  /** the session ends; says why */
  | { readonly type: 'bye'; readonly fault: Fault; readonly reason: string };

export type Role = 'initiator' | 'responder';

export interface HelloMessage {
  readonly type: 'hello';
  readonly version: number;
  readonly role: Role;
  readonly cooperative: CooperativeId;
  /** account → device */
  readonly certificate: Bytes;
  /** X25519 public key of this session */
  readonly ephemeral: Bytes;
  readonly nonce: Bytes;
}

export interface ProveMessage {
  readonly type: 'prove';
  /** the device's signature over the transcript */
  readonly signature: Bytes;
  /** HMAC that shows that this end has the secret half of its ephemeral */
  readonly confirm: Bytes;
}

export interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  readonly ask: Ask;
  /** credit for the reply's items */
  readonly window: number;
}

export interface ReplyMessage {
  readonly type: 'reply';
  readonly id: number;
  /** items that follow */
  readonly items: number;
  /** a page that has a next one */
  readonly more: boolean;
}

const FAULTS = [
  'corrupt',
  'malformed',
  'too-few',
  'not-found',
  'refused',
  'wrong-words',
  'bad-invite',
  'unreachable',
  'timeout',
  'full',
  'denied',
  'unsupported',
  'usage',
  'busy',
  'aborted',
  'internal',
] as const satisfies readonly Fault[];

const TYPES = [
  'hello',
  'prove',
  'welcome',
  'request',
  'reply',
  'fault',
  'item',
  'credit',
  'cancel',
  'ping',
  'pong',
  'bye',
] as const satisfies readonly Message['type'][];

/** Request numbers of one session. */
const ID_MAX = 2 ** 48 - 1;
const NONCE_MAX = 0xffff_ffff;
const VERSION_MAX = 0xffff;
/** A UTF-16 unit takes at most 3 bytes of UTF-8. */
const REASON_MAX_BYTES = REASON_MAX_CHARS * 3;

/** A message and its body: an item has one, a request or reply may have one, others have none. */
export interface Received {
  readonly message: Message;
  readonly body: Bytes;
}

/** Encodes a message as one frame; `body` for an item, or the first item of a request or reply. */
export function encodeMessage(message: Message, body?: Bytes): Bytes {
  return encodeFrame(encodeHeader(message), body);
}

/** As `encodeMessage`, but in memory that the next call uses again: for a channel, whose `send` copies it. */
export function lentMessage(message: Message, body?: Bytes): Bytes {
  return lentFrame(encodeHeader(message), body);
}

function encodeHeader(message: Message): Bytes {
  return encodeCbor({ t: message.type, ...fieldsOf(message) });
}

/** Decodes one frame. @throws RoostError 'malformed' */
export function decodeMessage(bytes: Bytes): Received {
  const { header, body } = decodeFrame(bytes);
  const message = readCbor(header, FRAME_HEADER_MAX_BYTES, 'message', (item) => item.map(readMessage));
  const [least, most] = bodyBounds(message);
  if (body.length < least || body.length > most) {
    throw new RoostError(
      'malformed',
      `message "${message.type}" must have a body of ${least} to ${most} bytes, got ${body.length}`,
    );
  }
  return { message, body };
}

/** Fewest and most bytes of a message's body. */
function bodyBounds(message: Message): readonly [least: number, most: number] {
  switch (message.type) {
    case 'item':
      return [1, ITEM_MAX_BYTES];
    case 'request':
      return [0, askItems(message.ask) > 0 ? INLINE_ITEM_MAX_BYTES : 0];
    case 'reply':
      return [0, message.items > 0 ? INLINE_ITEM_MAX_BYTES : 0];
    default:
      return [0, 0];
  }
}

/** Text for a fault or farewell, cut to what the schema takes. */
function shortReason(text: string): string {
  return text.slice(0, REASON_MAX_CHARS).toWellFormed();
}

/** What `shortReason` leaves. */
function readReason(field: Fields): string {
  const text = field('text').text(REASON_MAX_BYTES);
  if (text.length > REASON_MAX_CHARS)
    throw new RoostError(
      'malformed',
      `reason must have at most ${REASON_MAX_CHARS} UTF-16 units, got ${text.length}`,
    );
  return text;
}

function fieldsOf(message: Message): Record<string, unknown> {
  switch (message.type) {
    case 'hello':
      return {
        v: message.version,
        role: message.role,
        coop: idBytes(message.cooperative),
        cert: message.certificate,
        eph: message.ephemeral,
        nonce: message.nonce,
      };
    case 'prove':
      return { sig: message.signature, confirm: message.confirm };
    case 'welcome':
      return {};
    case 'request':
      return { id: message.id, window: message.window, ...askFields(message.ask) };
    case 'reply':
      return { id: message.id, items: message.items, more: message.more };
    case 'fault':
      return { id: message.id, fault: message.fault, text: shortReason(message.message) };
    case 'item':
    case 'cancel':
      return { id: message.id };
    case 'credit':
      return { id: message.id, bytes: message.bytes };
    case 'ping':
    case 'pong':
      return { n: message.nonce };
    case 'bye':
      return { fault: message.fault, text: shortReason(message.reason) };
    default:
      return message satisfies never;
  }
}

function readMessage(field: Fields): Message {
  const type = field('t').oneOf(TYPES);
  const id = (): number => field('id').uint(ID_MAX, 1);
  switch (type) {
    case 'hello':
      return {
        type,
        version: field('v').uint(VERSION_MAX),
        role: field('role').oneOf(['initiator', 'responder']),
        cooperative: field('coop').id(cooperativeIdFromBytes),
        certificate: field('cert').bytes({ max: CERTIFICATE_MAX_BYTES }),
        ephemeral: field('eph').bytes(32),
        nonce: field('nonce').bytes(NONCE_BYTES),
      };
    case 'prove':
      return { type, signature: field('sig').bytes(64), confirm: field('confirm').bytes(32) };
    case 'welcome':
      return { type };
    case 'request':
      return {
        type,
        id: id(),
        window: field('window').uint(WINDOW_MAX_BYTES, WINDOW_START_BYTES),
        ask: readAsk(field),
      };
    case 'reply':
      return { type, id: id(), items: field('items').uint(ITEMS_MAX), more: field('more').boolean() };
    case 'fault':
      return {
        type,
        id: id(),
        fault: field('fault').oneOf(FAULTS),
        message: readReason(field),
      };
    case 'item':
    case 'cancel':
      return { type, id: id() };
    case 'credit':
      return { type, id: id(), bytes: field('bytes').uint(WINDOW_MAX_BYTES, 1) };
    case 'ping':
    case 'pong':
      return { type, nonce: field('n').uint(NONCE_MAX) };
    case 'bye':
      return { type, fault: field('fault').oneOf(FAULTS), reason: readReason(field) };
    default:
      return type satisfies never;
  }
}
