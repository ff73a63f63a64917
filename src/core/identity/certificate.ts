import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { accountIdFromBytes, deviceIdOfKey } from '../ids.ts';
import { CERTIFICATE_MAX_BYTES, TIME_MAX_MS } from '../limits.ts';
import { readCbor } from '../schema.ts';
import { checkName } from './name.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, signBody, verifyBody } from './signed.ts';
import type { DeviceCertificate } from './types.ts';

/** PROTOCOL.md "Device certificate": [body, signature], body = {v, account, key, label, made, expires}. */

const VERSION = 1;
/** Clocks of honest devices differ: a certificate counts this much longer than it says. */
export const CLOCK_SKEW_MS = 24 * 3_600_000;
const YEAR_MS = 365 * 24 * 3_600_000;
/** Longest life of a certificate. */
const CERTIFICATE_MAX_MS = 20 * YEAR_MS;

/** What a new certificate says; the account is the signer's. */
export interface CertificateFields {
  readonly devicePublicKey: Bytes;
  /** what its owner calls the device */
  readonly label: string;
  /** milliseconds since 1970 */
  readonly madeAt: number;
  readonly expiresAt: number;
}

/**
 * Certifies a device key for an account.
 * @throws RoostError 'usage' when a field is out of bounds
 */
export async function issueCertificate(
  suite: CryptoSuite,
  accountSigner: Signer,
  fields: CertificateFields,
): Promise<Bytes> {
  checkName(fields.label, 'device label', 'usage');
  checkLife(fields.madeAt, fields.expiresAt, 'usage');
  const body = encodeCbor({
    v: VERSION,
    account: accountSigner.publicKey,
    key: fields.devicePublicKey,
    label: fields.label,
    made: fields.madeAt,
    expires: fields.expiresAt,
  });
  const bytes = encodeCbor([body, await signBody(accountSigner, 'roost/1/certificate', body)]);
  // A signer whose key does not fit its public half is found here, not by every partner.
  await verifyCertificate(suite, bytes, fields.madeAt);
  return bytes;
}

/**
 * Reads a certificate and checks the account's signature, the bounds and the time.
 * @throws RoostError 'malformed', 'corrupt' (signature), 'refused' (expired). One made in the future is good: a device
 *   whose clock was set back must not be cut off from everybody.
 */
export async function verifyCertificate(
  suite: CryptoSuite,
  bytes: Bytes,
  now: number,
): Promise<DeviceCertificate> {
  const { body, signature } = readCbor(bytes, CERTIFICATE_MAX_BYTES, 'certificate', (item) => {
    const at = item.tuple(2);
    return { body: at(0).bytes({ max: CERTIFICATE_MAX_BYTES }), signature: at(1).bytes(SIGNATURE_BYTES) };
  });
  const { accountKey, ...certificate } = readCbor(body, CERTIFICATE_MAX_BYTES, 'certificate', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      const accountKey = field('account').bytes(PUBLIC_KEY_BYTES);
      const devicePublicKey = field('key').bytes(PUBLIC_KEY_BYTES);
      return {
        accountKey,
        account: accountIdFromBytes(accountKey),
        device: deviceIdOfKey(devicePublicKey),
        devicePublicKey,
        label: checkName(field('label').text(CERTIFICATE_MAX_BYTES), 'certificate.label', 'malformed'),
        madeAt: field('made').uint(TIME_MAX_MS),
        expiresAt: field('expires').uint(TIME_MAX_MS),
      };
    }),
  );
  checkLife(certificate.madeAt, certificate.expiresAt, 'malformed');
  await verifyBody(
    suite,
    accountKey,
    'roost/1/certificate',
    body,
    signature,
    "certificate's account signature",
  );
  if (now > certificate.expiresAt + CLOCK_SKEW_MS) {
    throw new RoostError('refused', `certificate expired at ${certificate.expiresAt}, now is ${now}`);
  }
  return certificate;
}

function checkLife(madeAt: number, expiresAt: number, fault: 'usage' | 'malformed'): void {
  if (expiresAt <= madeAt || expiresAt - madeAt > CERTIFICATE_MAX_MS) {
    throw new RoostError(
      fault,
      `certificate must last 1 ms to ${CERTIFICATE_MAX_MS / YEAR_MS} years, got ${expiresAt - madeAt} ms`,
    );
  }
}
