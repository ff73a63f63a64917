import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, signBody, verifyBody } from '../identity/signed.ts';
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

/**
 * A receipt signed by the owner's device.
 * @throws RoostError 'usage' when the signer is not the owner's device, 'malformed' when a field is out of bounds
 */
export async function signReceipt(suite: CryptoSuite, signer: Signer, fields: ReceiptFields): Promise<Bytes> {
  mustBe(signer, fields.owner, 'owner');
  const body = encodeBody(fields);
  const bytes = encodeCbor([body, await signBody(signer, 'roost/1/audit-receipt', body)]);
  await readReceipt(suite, bytes);
  return bytes;
}

/** Reads a receipt that the owner alone has signed. @throws RoostError 'malformed' | 'corrupt' */
export async function readReceipt(suite: CryptoSuite, bytes: Bytes): Promise<AuditReceipt> {
  return (await openReceipt(suite, bytes)).receipt;
}

/**
 * Adds the holder's signature.
 * @throws RoostError 'malformed' | 'corrupt' for a bad receipt, 'usage' when the signer is not the holder's device
 */
export async function countersignReceipt(suite: CryptoSuite, signer: Signer, bytes: Bytes): Promise<Bytes> {
  const { receipt, body, signature } = await openReceipt(suite, bytes);
  mustBe(signer, receipt.holder, 'holder');
  return encodeCbor([body, signature, await signBody(signer, 'roost/1/audit-receipt-holder', body)]);
}

/** Reads a receipt that both have signed. @throws RoostError 'malformed' | 'corrupt' */
export async function verifyReceipt(suite: CryptoSuite, bytes: Bytes): Promise<AuditReceipt> {
  const [body, owners, holders] = readCbor(bytes, RECEIPT_MAX_BYTES, 'receipt', (item) => {
    const at = item.tuple(3);
    return [readBody(at(0)), at(1).bytes(SIGNATURE_BYTES), at(2).bytes(SIGNATURE_BYTES)] as const;
  });
  const receipt = decodeBody(body);
  await verifyOwner(suite, receipt, body, owners);
  await verifyBody(
    suite,
    receipt.holder.devicePublicKey,
    'roost/1/audit-receipt-holder',
    body,
    holders,
    "receipt's holder signature",
  );
  return receipt;
}

async function openReceipt(
  suite: CryptoSuite,
  bytes: Bytes,
): Promise<{ readonly receipt: AuditReceipt; readonly body: Bytes; readonly signature: Bytes }> {
  const [body, signature] = readCbor(bytes, RECEIPT_MAX_BYTES, 'receipt', (item) => {
    const at = item.tuple(2);
    return [readBody(at(0)), at(1).bytes(SIGNATURE_BYTES)] as const;
  });
  const receipt = decodeBody(body);
  await verifyOwner(suite, receipt, body, signature);
  return { receipt, body, signature };
}

const readBody = (item: Item): Bytes => item.bytes({ max: RECEIPT_MAX_BYTES });

function verifyOwner(
  suite: CryptoSuite,
  { owner }: AuditReceipt,
  body: Bytes,
  signature: Bytes,
): Promise<void> {
  const { devicePublicKey } = owner;
  return verifyBody(
    suite,
    devicePublicKey,
    'roost/1/audit-receipt',
    body,
    signature,
    "receipt's owner signature",
  );
}

function mustBe(signer: Signer, side: Pick<ReceiptSide, 'devicePublicKey'>, what: string): void {
  if (!equalBytes(signer.publicKey, side.devicePublicKey)) {
    throw new RoostError('usage', `receipt must be signed by its ${what}, got another device's key`);
  }
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
        at: field('at').uint(),
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
