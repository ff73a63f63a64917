import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { Fault } from '../errors.ts';
import type { CooperativeId } from '../ids.ts';
import { cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { ROSTER_MAX_ENTRIES } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { BROKER_CONTEXTS, BROKER_NONCE_BYTES } from './broker-auth.ts';
import {
  DIRECTORY_PAGE_ENTRIES,
  FAULT_TEXT_MAX_BYTES,
  FROM_BROKER_MAX_BYTES,
  TO_BROKER_MAX_BYTES,
} from './broker-limits.ts';
import type { DirectoryRecord } from './broker-records.ts';
import { directoryValue, readDirectoryEntry } from './broker-records.ts';
import type { Ask, BrokerReply, BrokerRequest } from './broker-requests.ts';
import { readRequest, replyValue, requestValue } from './broker-requests.ts';

/** Frames of the rendezvous socket: one CBOR map each. Normative text: PROTOCOL.md, "Broker". */

export type ToBroker =
  | { readonly type: 'proof'; readonly publicKey: Bytes; readonly signature: Bytes }
  | { readonly type: 'request'; readonly id: number; readonly request: BrokerRequest };

export type FromBroker =
  | { readonly type: 'challenge'; readonly nonce: Bytes }
  | { readonly type: 'welcome' }
  /** `result` is read with `readReply`, by what was asked under this id */
  | { readonly type: 'reply'; readonly id: number; readonly result: Item }
  | { readonly type: 'fault'; readonly id: number; readonly fault: BrokerFault; readonly message: string }
  | {
      readonly type: 'directory';
      readonly cooperative: CooperativeId;
      readonly entries: readonly DirectoryRecord[];
    }
  | { readonly type: 'roster'; readonly cooperative: CooperativeId; readonly length: number };

const BROKER_FAULTS = [
  'corrupt',
  'malformed',
  'not-found',
  'refused',
  'bad-invite',
  'unreachable',
  'full',
  'internal',
] as const satisfies readonly Fault[];

/** The faults a broker answers with. */
export type BrokerFault = (typeof BROKER_FAULTS)[number];

/** The fault to tell a device; others say more about the broker than about the request. */
export function brokerFault(fault: Fault): BrokerFault {
  return BROKER_FAULTS.find((known) => known === fault) ?? 'internal';
}

export function encodeToBroker(frame: ToBroker): Bytes {
  switch (frame.type) {
    case 'proof':
      return encodeCbor({ type: frame.type, publicKey: frame.publicKey, signature: frame.signature });
    case 'request':
      return encodeCbor({ type: frame.type, id: frame.id, ...requestValue(frame.request) });
    default:
      return frame satisfies never;
  }
}

/** @throws RoostError 'malformed' */
export function decodeToBroker(bytes: Uint8Array): ToBroker {
  return readCbor(bytes, TO_BROKER_MAX_BYTES, 'frame', (item) =>
    item.map((field): ToBroker => {
      const type = field('type').oneOf(['proof', 'request']);
      if (type === 'proof') {
        return { type, publicKey: field('publicKey').bytes(32), signature: field('signature').bytes(64) };
      }
      return { type, id: field('id').uint(), request: readRequest(field) };
    }),
  );
}

export const encodeChallenge = (nonce: Bytes): Bytes =>
  encodeCbor({ type: 'challenge', context: BROKER_CONTEXTS.rendezvous, nonce });

export const encodeWelcome = (): Bytes => encodeCbor({ type: 'welcome' });

export const encodeReply = <A extends Ask>(id: number, ask: A, reply: BrokerReply<A>): Bytes =>
  encodeCbor({ type: 'reply', id, result: replyValue(ask, reply) });

export const encodeFault = (id: number, fault: BrokerFault, message: string): Bytes =>
  // A quarter of the bound: a UTF-16 unit takes up to 3 bytes.
  encodeCbor({
    type: 'fault',
    id,
    fault,
    message: message.slice(0, FAULT_TEXT_MAX_BYTES / 4).toWellFormed(),
  });

export const encodeDirectoryPush = (cooperative: CooperativeId, entries: readonly DirectoryRecord[]): Bytes =>
  encodeCbor({ type: 'directory', cooperative: idBytes(cooperative), entries: entries.map(directoryValue) });

export const encodeRosterPush = (cooperative: CooperativeId, length: number): Bytes =>
  encodeCbor({ type: 'roster', cooperative: idBytes(cooperative), length });

/** @throws RoostError 'malformed' */
export function decodeFromBroker(bytes: Uint8Array): FromBroker {
  return readCbor(bytes, FROM_BROKER_MAX_BYTES, 'frame', (item) =>
    item.map((field): FromBroker => {
      const type = field('type').oneOf(['challenge', 'welcome', 'reply', 'fault', 'directory', 'roster']);
      switch (type) {
        case 'challenge':
          field('context').oneOf([BROKER_CONTEXTS.rendezvous]);
          return { type, nonce: field('nonce').bytes(BROKER_NONCE_BYTES) };
        case 'welcome':
          return { type };
        case 'reply':
          return { type, id: field('id').uint(), result: field('result') };
        case 'fault':
          return {
            type,
            id: field('id').uint(),
            fault: field('fault').oneOf(BROKER_FAULTS),
            message: field('message').text(FAULT_TEXT_MAX_BYTES),
          };
        case 'directory':
          return {
            type,
            cooperative: field('cooperative').id(cooperativeIdFromBytes),
            entries: field('entries').list(DIRECTORY_PAGE_ENTRIES, readDirectoryEntry),
          };
        case 'roster':
          return {
            type,
            cooperative: field('cooperative').id(cooperativeIdFromBytes),
            length: field('length').uint(ROSTER_MAX_ENTRIES),
          };
        default:
          return type satisfies never;
      }
    }),
  );
}
