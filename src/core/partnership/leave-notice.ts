import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { SIGNATURE_BYTES, signBody, verifyBody } from '../identity/signed.ts';
import type { AgreementId, DeviceId } from '../ids.ts';
import { agreementIdFromBytes, deviceIdFromBytes, idBytes } from '../ids.ts';
import { readCbor } from '../schema.ts';
import { LEAVE_NOTICE_MAX_BYTES } from '../wire/limits.ts';
import { TIME_MAX_MS } from '../limits.ts';

/** PROTOCOL.md "Partners": [body, signature], body = {v, agreement, device, at, until}; signed by the device that tells it. */

const VERSION = 1;

/** A side's word that it leaves an agreement. */
export interface LeaveNotice {
  readonly agreement: AgreementId;
  /** the side that leaves; another device of its account may say so, when the device itself is lost */
  readonly device: DeviceId;
  /** milliseconds since 1970, by the teller's clock */
  readonly at: number;
  /** it keeps and serves what it has until then; not before `at` */
  readonly until: number;
}

/** Signs a notice. @throws RoostError 'malformed' when a field is out of bounds */
export async function makeLeaveNotice(
  suite: CryptoSuite,
  signer: Signer,
  { agreement, device, at, until }: LeaveNotice,
): Promise<Bytes> {
  const body = encodeCbor({
    v: VERSION,
    agreement: idBytes(agreement),
    device: idBytes(device),
    at,
    until,
  });
  const notice = encodeCbor([body, await signBody(signer, 'roost/1/leave-notice', body)]);
  await verifyLeaveNotice(suite, notice, signer.publicKey);
  return notice;
}

/**
 * Reads and verifies a notice.
 * @param devicePublicKey of the device that told it
 * @throws RoostError 'malformed' | 'corrupt'
 */
export async function verifyLeaveNotice(
  suite: CryptoSuite,
  bytes: Bytes,
  devicePublicKey: Bytes,
): Promise<LeaveNotice> {
  const [body, signature] = readCbor(bytes, LEAVE_NOTICE_MAX_BYTES, 'leave notice', (item) => {
    const at = item.tuple(2);
    return [at(0).bytes({ max: LEAVE_NOTICE_MAX_BYTES }), at(1).bytes(SIGNATURE_BYTES)] as const;
  });
  const notice = readCbor(body, LEAVE_NOTICE_MAX_BYTES, 'leave notice', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        agreement: field('agreement').id(agreementIdFromBytes),
        device: field('device').id(deviceIdFromBytes),
        at: field('at').uint(TIME_MAX_MS),
        until: field('until').uint(TIME_MAX_MS),
      };
    }),
  );
  await verifyBody(
    suite,
    devicePublicKey,
    'roost/1/leave-notice',
    body,
    signature,
    "leave notice's signature",
  );
  if (notice.until < notice.at) {
    throw new RoostError(
      'malformed',
      `leave notice.until must be at least ${notice.at}, when it was written, got ${notice.until}`,
    );
  }
  return notice;
}
