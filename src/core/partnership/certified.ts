import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { verifyCertificate } from '../identity/certificate.ts';
import type { SigningLabel } from '../identity/signed.ts';
import { SIGNATURE_BYTES, signBody, verifyBody } from '../identity/signed.ts';
import type { AccountId, DeviceId } from '../ids.ts';
import { CERTIFICATE_MAX_BYTES, TIME_MAX_MS } from '../limits.ts';
import type { Fields } from '../schema.ts';
import { readCbor } from '../schema.ts';

/**
 * PROTOCOL.md "Certified records": [body, signature of the device], body = {v, certificate, at, …}. They go from hand to hand, so
 * they bring with them who their device is.
 */

const VERSION = 1;

export interface CertifiedKind {
  readonly label: SigningLabel;
  /** names the record in errors */
  readonly what: string;
  readonly maxBytes: number;
}

/** What every record of this kind says: the certificate of the device that writes it, and when by its own clock. */
export interface CertifiedFields {
  readonly certificate: Bytes;
  /** milliseconds since 1970 */
  readonly at: number;
}

/** Who wrote a record, as its certificate says. */
export interface Authorship {
  readonly by: { readonly account: AccountId; readonly device: DeviceId };
  readonly at: number;
}

/**
 * Signs a record.
 * @param verify reads it back: nothing is written that nobody can read
 * @throws RoostError 'malformed' when a field is out of bounds, 'corrupt' when the certificate is another device's, 'refused' when
 *   it does not count at `at`
 */
export async function makeCertified(
  suite: CryptoSuite,
  signer: Signer,
  kind: CertifiedKind,
  { certificate, at }: CertifiedFields,
  fields: Readonly<Record<string, unknown>>,
  verify: (suite: CryptoSuite, bytes: Bytes) => Promise<unknown>,
): Promise<Bytes> {
  const body = encodeCbor({ ...fields, v: VERSION, certificate, at });
  const bytes = encodeCbor([body, await signBody(signer, kind.label, body)]);
  await verify(suite, bytes);
  return bytes;
}

/**
 * Reads a record and verifies its certificate, at the time at which it was written, and its signature.
 * @param readFields reads the fields of this kind
 * @throws RoostError 'malformed' | 'corrupt' | 'refused'
 */
export async function readCertified<T>(
  suite: CryptoSuite,
  { label, what, maxBytes }: CertifiedKind,
  bytes: Bytes,
  readFields: (field: Fields) => T,
): Promise<T & Authorship> {
  const [body, signature] = readCbor(bytes, maxBytes, what, (item) => {
    const at = item.tuple(2);
    return [at(0).bytes({ max: maxBytes }), at(1).bytes(SIGNATURE_BYTES)] as const;
  });
  const { fields, certificate, at } = readCbor(body, maxBytes, what, (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        certificate: field('certificate').bytes({ max: CERTIFICATE_MAX_BYTES }),
        at: field('at').uint(TIME_MAX_MS),
        fields: readFields(field),
      };
    }),
  );
  const { account, device, devicePublicKey } = await verifyCertificate(suite, certificate, at);
  await verifyBody(suite, devicePublicKey, label, body, signature, `${what}'s signature`);
  return { ...fields, by: { account, device }, at };
}
