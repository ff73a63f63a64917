import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import type { Countersigned } from '../identity/countersigned.ts';
import { countersign, openCountersigned, openHalfSigned, signFirst } from '../identity/countersigned.ts';
import { PUBLIC_KEY_BYTES } from '../identity/signed.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdOfKey,
  idBytes,
} from '../ids.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { AUDIT_MAX_SEGMENTS, RECEIPT_MAX_BYTES } from '../wire/limits.ts';
import { TIME_MAX_MS } from '../limits.ts';

/**
 * PROTOCOL.md "Receipt": the outcome of an audit. The owner signs [body, signature] and the holder adds its own, both over
 * `body` with their device keys.
 */

const VERSION = 1;
const OUTCOMES = ['passed', 'failed', 'lost'] as const;

/** 'failed': bytes were wrong; 'lost': the holder said itself that it lost some. */
export type AuditOutcome = (typeof OUTCOMES)[number];

export interface ReceiptSide {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly devicePublicKey: Bytes;
}

export interface AuditReceipt {
  readonly cooperative: CooperativeId;
  readonly agreement: AgreementId;
  /** the auditing device */
  readonly owner: ReceiptSide;
  readonly holder: ReceiptSide;
  /** by the owner's clock, milliseconds since 1970 */
  readonly at: number;
  /** names the audit (core/audit/draw.ts) */
  readonly commit: Bytes;
  /** of the ledger that was audited: its SHA-256, rows and segments */
  readonly digest: Bytes;
  readonly rows: number;
  readonly segments: number;
  /** segments that were to be drawn */
  readonly count: number;
  readonly outcome: AuditOutcome;
}

/** What the owner writes into a receipt; the device ids follow from the keys. */
export type ReceiptFields = Omit<AuditReceipt, 'owner' | 'holder'> & {
  readonly owner: Omit<ReceiptSide, 'device'>;
  readonly holder: Omit<ReceiptSide, 'device'>;
};

const RECEIPT: Countersigned<AuditReceipt> = {
  what: 'receipt',
  maxBytes: RECEIPT_MAX_BYTES,
  decode: (_suite, body) => decodeBody(body),
  first: { name: 'owner', label: 'roost/1/audit-receipt', keyOf: ({ owner }) => owner.devicePublicKey },
  second: {
    name: 'holder',
    label: 'roost/1/audit-receipt-holder',
    keyOf: ({ holder }) => holder.devicePublicKey,
  },
};

/**
 * A receipt signed by the owner's device.
 * @throws RoostError 'usage' when the signer is not the owner's device, 'malformed' when a field is out of bounds
 */
export function signReceipt(suite: CryptoSuite, signer: Signer, fields: ReceiptFields): Promise<Bytes> {
  return signFirst(RECEIPT, suite, signer, encodeBody(fields));
}

/** Reads a receipt that the owner alone has signed. @throws RoostError 'malformed' | 'corrupt' */
export async function readReceipt(suite: CryptoSuite, bytes: Bytes): Promise<AuditReceipt> {
  return (await openHalfSigned(RECEIPT, suite, bytes)).record;
}

/**
 * Adds the holder's signature.
 * @throws RoostError 'malformed' | 'corrupt' for a bad receipt, 'usage' when the signer is not the holder's device
 */
export function countersignReceipt(suite: CryptoSuite, signer: Signer, bytes: Bytes): Promise<Bytes> {
  return countersign(RECEIPT, suite, signer, bytes);
}

/** Reads a receipt that both have signed. @throws RoostError 'malformed' | 'corrupt' */
export function verifyReceipt(suite: CryptoSuite, bytes: Bytes): Promise<AuditReceipt> {
  return openCountersigned(RECEIPT, suite, bytes);
}

function encodeBody(fields: ReceiptFields): Bytes {
  const side = (of: Omit<ReceiptSide, 'device'>): unknown => ({
    account: idBytes(of.account),
    key: of.devicePublicKey,
  });
  return encodeCbor({
    v: VERSION,
    coop: idBytes(fields.cooperative),
    agreement: idBytes(fields.agreement),
    owner: side(fields.owner),
    holder: side(fields.holder),
    at: fields.at,
    commit: fields.commit,
    digest: fields.digest,
    rows: fields.rows,
    segments: fields.segments,
    count: fields.count,
    outcome: fields.outcome,
  });
}

function decodeBody(body: Bytes): AuditReceipt {
  return readCbor(body, RECEIPT_MAX_BYTES, 'receipt', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        cooperative: field('coop').id(cooperativeIdFromBytes),
        agreement: field('agreement').id(agreementIdFromBytes),
        owner: readSide(field('owner')),
        holder: readSide(field('holder')),
        at: field('at').uint(TIME_MAX_MS),
        commit: field('commit').bytes(32),
        digest: field('digest').bytes(32),
        rows: field('rows').uint(),
        segments: field('segments').uint(),
        count: field('count').uint(AUDIT_MAX_SEGMENTS, 1),
        outcome: field('outcome').oneOf(OUTCOMES),
      };
    }),
  );
}

function readSide(item: Item): ReceiptSide {
  return item.map((field) => {
    const devicePublicKey = field('key').bytes(PUBLIC_KEY_BYTES);
    return {
      account: field('account').id(accountIdFromBytes),
      device: deviceIdOfKey(devicePublicKey),
      devicePublicKey,
    };
  });
}
