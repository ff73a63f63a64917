import { hexToBytes } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from './bytes.ts';
import { RoostError } from './errors.ts';
import { hex } from './hex.ts';

declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** 40 hex digits: the first 20 bytes of SHA-256 of the device's Ed25519 public key. Also its PeerJS id. */
export type DeviceId = Id<'device'>;
/** 64 hex digits: the account's Ed25519 public key. */
export type AccountId = Id<'account'>;
/** 64 hex digits: SHA-256 of the roster's founding entry. */
export type CooperativeId = Id<'cooperative'>;
/** 32 hex digits: 16 random bytes. */
export type PackId = Id<'pack'>;
/** 64 hex digits: HMAC-SHA-256 under the account's chunk-id key. */
export type ChunkId = Id<'chunk'>;
/** 32 hex digits: first 16 bytes of SHA-256 of the agreement's signed body. */
export type AgreementId = Id<'agreement'>;
/** 32 hex digits: 16 random bytes. */
export type SnapshotId = Id<'snapshot'>;
/** 64 hex digits: HKDF output under label roost/1/rendezvous. */
export type RendezvousId = Id<'rendezvous'>;

const ID_BYTES = {
  device: 20,
  account: 32,
  cooperative: 32,
  pack: 16,
  chunk: 32,
  agreement: 16,
  snapshot: 16,
  rendezvous: 32,
} as const;

type Kind = keyof typeof ID_BYTES;

function parse<K extends Kind>(kind: K, text: string): Id<K> {
  const digits = ID_BYTES[kind] * 2;
  if (text.length !== digits || !/^[0-9a-f]+$/.test(text)) {
    throw new RoostError(
      'malformed',
      `${kind} id must be ${digits} lower-case hex digits, got ${text.length} characters`,
    );
  }
  return text as Id<K>;
}

function fromBytes<K extends Kind>(kind: K, bytes: Uint8Array): Id<K> {
  const expected = ID_BYTES[kind];
  if (bytes.length !== expected) {
    throw new RoostError('malformed', `${kind} id must be ${expected} bytes, got ${bytes.length}`);
  }
  return hex(bytes) as Id<K>;
}

/** Parsers of the text form. @throws RoostError 'malformed' */
export const parseDeviceId = (text: string): DeviceId => parse('device', text);
export const parseAccountId = (text: string): AccountId => parse('account', text);
export const parseCooperativeId = (text: string): CooperativeId => parse('cooperative', text);
export const parsePackId = (text: string): PackId => parse('pack', text);
export const parseChunkId = (text: string): ChunkId => parse('chunk', text);
export const parseAgreementId = (text: string): AgreementId => parse('agreement', text);
export const parseSnapshotId = (text: string): SnapshotId => parse('snapshot', text);
export const parseRendezvousId = (text: string): RendezvousId => parse('rendezvous', text);

/** Readers of the byte form. @throws RoostError 'malformed' on a wrong length */
export const deviceIdFromBytes = (bytes: Uint8Array): DeviceId => fromBytes('device', bytes);
export const accountIdFromBytes = (bytes: Uint8Array): AccountId => fromBytes('account', bytes);
export const cooperativeIdFromBytes = (bytes: Uint8Array): CooperativeId => fromBytes('cooperative', bytes);
export const packIdFromBytes = (bytes: Uint8Array): PackId => fromBytes('pack', bytes);
export const chunkIdFromBytes = (bytes: Uint8Array): ChunkId => fromBytes('chunk', bytes);
export const agreementIdFromBytes = (bytes: Uint8Array): AgreementId => fromBytes('agreement', bytes);
export const snapshotIdFromBytes = (bytes: Uint8Array): SnapshotId => fromBytes('snapshot', bytes);
export const rendezvousIdFromBytes = (bytes: Uint8Array): RendezvousId => fromBytes('rendezvous', bytes);

/** The byte form of any id. */
export function idBytes(
  id: DeviceId | AccountId | CooperativeId | PackId | ChunkId | AgreementId | SnapshotId | RendezvousId,
): Bytes {
  return hexToBytes(id);
}

/** The device id that belongs to a 32-byte Ed25519 public key. */
export function deviceIdOfKey(publicKey: Uint8Array): DeviceId {
  return fromBytes('device', sha256(publicKey).subarray(0, ID_BYTES.device));
}
