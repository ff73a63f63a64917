import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { checkName } from '../identity/name.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../identity/signed.ts';
import type { AccountId, CooperativeId } from '../ids.ts';
import { accountIdFromBytes, cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { ROSTER_ENTRY_MAX_BYTES, ROSTER_MAX_ENTRIES, TIME_MAX_MS } from '../limits.ts';
import type { Fields, Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import type { RosterPolicy } from './types.ts';

/**
 * PROTOCOL.md "Roster". An entry is [body] for an admission, which carries its own signatures, and [body, signature of `by`]
 * for every other kind. body = {v, n, prev, kind, …}.
 */

const VERSION = 1;
const HASH_BYTES = 32;
/** `prev` of the founding entry. */
export const NO_ENTRY: Bytes = new Uint8Array(HASH_BYTES);
/** People that one invite may let in. */
const INVITE_MAX_USES = 10_000;
/** Days of grace and of commitment. */
const POLICY_MAX_DAYS = 3650;

/** What an entry changes; all but an admission are signed by `by`. */
export type RosterChange =
  | {
      readonly kind: 'found';
      readonly by: AccountId;
      readonly at: number;
      readonly name: string;
      readonly displayName: string;
      readonly policy: RosterPolicy;
    }
  | {
      readonly kind: 'invite';
      readonly by: AccountId;
      readonly at: number;
      readonly publicKey: Bytes;
      readonly uses: number;
      readonly expiresAt: number;
    }
  | { readonly kind: 'revoke'; readonly by: AccountId; readonly at: number; readonly publicKey: Bytes }
  | { readonly kind: 'remove'; readonly by: AccountId; readonly at: number; readonly account: AccountId }
  | { readonly kind: 'policy'; readonly by: AccountId; readonly at: number; readonly policy: RosterPolicy }
  | {
      readonly kind: 'role';
      readonly by: AccountId;
      readonly at: number;
      readonly account: AccountId;
      readonly role: 'member' | 'steward';
    }
  | { readonly kind: 'rename'; readonly by: AccountId; readonly at: number; readonly name: string }
  | { readonly kind: 'admit'; readonly admission: Bytes };

export type SignedChange = Exclude<RosterChange, { readonly kind: 'admit' }>;

/** One entry taken apart. */
export interface RosterEntry {
  /** 0 for the founding entry */
  readonly position: number;
  /** SHA-256 of the entry before */
  readonly prev: Bytes;
  readonly change: RosterChange;
  readonly body: Bytes;
  /** undefined for an admission */
  readonly signature: Bytes | undefined;
}

/** A request to be let in, signed by the joining account and by the invite's key; good at any place of the chain. */
export interface Admission {
  readonly cooperative: CooperativeId;
  readonly account: AccountId;
  readonly name: string;
  readonly invite: Bytes;
  readonly at: number;
}

/** An admission taken apart, with both signatures of its body. */
export interface SignedAdmission extends Admission {
  readonly body: Bytes;
  readonly byAccount: Bytes;
  readonly byInvite: Bytes;
}

/** The part of an entry that is signed. */
export function encodeEntryBody(position: number, prev: Bytes, change: RosterChange): Bytes {
  return encodeCbor({ v: VERSION, n: position, prev, ...changeFields(change) });
}

/** An entry; `signature` is left out for an admission only. */
export function encodeEntry(body: Bytes, signature?: Bytes): Bytes {
  return encodeCbor(signature === undefined ? [body] : [body, signature]);
}

/** Takes an entry apart, signatures unchecked. @throws RoostError 'malformed' */
export function decodeEntry(bytes: Bytes): RosterEntry {
  const [body, signature] = readCbor(bytes, ROSTER_ENTRY_MAX_BYTES, 'roster entry', (item) => {
    const parts = item.list(2, (part) => part);
    const first = parts[0];
    if (first === undefined) throw item.not('a list of 1 or 2');
    return [first.bytes({ max: ROSTER_ENTRY_MAX_BYTES }), parts[1]?.bytes(SIGNATURE_BYTES)] as const;
  });
  return readCbor(body, ROSTER_ENTRY_MAX_BYTES, 'roster entry', (item) => {
    const entry = item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        position: field('n').uint(ROSTER_MAX_ENTRIES - 1),
        prev: field('prev').bytes(HASH_BYTES),
        change: readChange(field),
        body,
        signature,
      };
    });
    if ((entry.change.kind === 'admit') !== (signature === undefined)) {
      throw item.not('signed unless it admits');
    }
    return entry;
  });
}

/** The part of an admission that both keys sign. */
export function encodeAdmissionBody(admission: Admission): Bytes {
  return encodeCbor({
    v: VERSION,
    coop: idBytes(admission.cooperative),
    account: idBytes(admission.account),
    name: admission.name,
    invite: admission.invite,
    at: admission.at,
  });
}

/** [body, account's signature, invite's signature]. */
export function encodeAdmission(body: Bytes, byAccount: Bytes, byInvite: Bytes): Bytes {
  return encodeCbor([body, byAccount, byInvite]);
}

/** Takes an admission apart, signatures unchecked. @throws RoostError 'malformed' */
export function decodeAdmission(bytes: Bytes): SignedAdmission {
  const [body, byAccount, byInvite] = readCbor(bytes, ROSTER_ENTRY_MAX_BYTES, 'admission', (item) => {
    const at = item.tuple(3);
    return [
      at(0).bytes({ max: ROSTER_ENTRY_MAX_BYTES }),
      at(1).bytes(SIGNATURE_BYTES),
      at(2).bytes(SIGNATURE_BYTES),
    ] as const;
  });
  const admission = readCbor(body, ROSTER_ENTRY_MAX_BYTES, 'admission', (item) =>
    item.map((field): Admission => {
      field('v').uint(VERSION, VERSION);
      return {
        cooperative: field('coop').id(cooperativeIdFromBytes),
        account: field('account').id(accountIdFromBytes),
        name: readName(field('name')),
        invite: field('invite').bytes(PUBLIC_KEY_BYTES),
        at: field('at').uint(TIME_MAX_MS),
      };
    }),
  );
  return { ...admission, body, byAccount, byInvite };
}

function changeFields(change: RosterChange): Record<string, unknown> {
  const { kind } = change;
  if (kind === 'admit') return { kind, admission: change.admission };
  const signed = { kind, by: idBytes(change.by), at: change.at };
  switch (kind) {
    case 'found':
      return {
        ...signed,
        name: change.name,
        display: change.displayName,
        policy: policyFields(change.policy),
      };
    case 'invite':
      return { ...signed, key: change.publicKey, uses: change.uses, expires: change.expiresAt };
    case 'revoke':
      return { ...signed, key: change.publicKey };
    case 'remove':
      return { ...signed, account: idBytes(change.account) };
    case 'policy':
      return { ...signed, policy: policyFields(change.policy) };
    case 'role':
      return { ...signed, account: idBytes(change.account), role: change.role };
    case 'rename':
      return { ...signed, name: change.name };
    default:
      return kind satisfies never;
  }
}

const KINDS = ['found', 'invite', 'revoke', 'admit', 'remove', 'policy', 'role', 'rename'] as const;

function readChange(field: Fields): RosterChange {
  const kind = field('kind').oneOf(KINDS);
  if (kind === 'admit') {
    return { kind, admission: field('admission').bytes({ max: ROSTER_ENTRY_MAX_BYTES }) };
  }
  const by = field('by').id(accountIdFromBytes);
  const at = field('at').uint(TIME_MAX_MS);
  switch (kind) {
    case 'found': {
      const name = readName(field('name'));
      const displayName = readName(field('display'));
      return { kind, by, at, name, displayName, policy: readPolicy(field('policy')) };
    }
    case 'invite': {
      const publicKey = field('key').bytes(PUBLIC_KEY_BYTES);
      return {
        kind,
        by,
        at,
        publicKey,
        uses: field('uses').uint(INVITE_MAX_USES, 1),
        expiresAt: field('expires').uint(TIME_MAX_MS),
      };
    }
    case 'revoke':
      return { kind, by, at, publicKey: field('key').bytes(PUBLIC_KEY_BYTES) };
    case 'remove':
      return { kind, by, at, account: field('account').id(accountIdFromBytes) };
    case 'policy':
      return { kind, by, at, policy: readPolicy(field('policy')) };
    case 'role': {
      const account = field('account').id(accountIdFromBytes);
      return { kind, by, at, account, role: field('role').oneOf(['member', 'steward']) };
    }
    case 'rename':
      return { kind, by, at, name: readName(field('name')) };
    default:
      return kind satisfies never;
  }
}

const policyFields = (policy: RosterPolicy): unknown => ({
  grace: policy.graceDays,
  commitment: policy.commitmentDays,
});

function readPolicy(item: Item): RosterPolicy {
  return item.map((field) => ({
    graceDays: field('grace').uint(POLICY_MAX_DAYS),
    commitmentDays: field('commitment').uint(POLICY_MAX_DAYS),
  }));
}

const readName = (item: Item): string => checkName(item.text(ROSTER_ENTRY_MAX_BYTES), item.what, 'malformed');
