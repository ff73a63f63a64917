import type { Bytes } from '../bytes.ts';
import { concatBytes } from '../bytes.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { encodeUtf8 } from '../utf8.ts';

/** Ed25519. */
export const SIGNATURE_BYTES = 64;
export const PUBLIC_KEY_BYTES = 32;

/** Each signature is over `label ‖ 0x00 ‖ body`, so that none made for one purpose serves another. */
export type SigningLabel =
  | 'roost/1/certificate'
  | 'roost/1/agreement-proposal'
  | 'roost/1/agreement'
  | 'roost/1/roster-entry'
  | 'roost/1/admission'
  | 'roost/1/admission-invite'
  | 'roost/1/prove'
  | 'roost/1/head'
  | 'roost/1/audit-receipt'
  | 'roost/1/audit-receipt-holder'
  | 'roost/1/renege-report'
  | 'roost/1/leave-notice'
  | 'roost/1/partner-list'
  | 'roost/1/duty';

/** `label ‖ 0x00` of the labels used so far. */
const prefixes = new Map<SigningLabel, Bytes>();

function prefixOf(label: SigningLabel): Bytes {
  let prefix = prefixes.get(label);
  if (prefix === undefined) {
    prefix = encodeUtf8(`${label}\0`);
    prefixes.set(label, prefix);
  }
  return prefix;
}

function signedMessage(label: SigningLabel, body: Uint8Array): Bytes {
  return concatBytes(prefixOf(label), body);
}

/** Signs a body under a label. */
export function signBody(
  signer: Pick<Signer, 'sign'>,
  label: SigningLabel,
  body: Uint8Array,
): Promise<Bytes> {
  return signer.sign(signedMessage(label, body));
}

/**
 * Checks a signature that `signBody` made.
 * @param what names the signature in the error
 * @throws RoostError 'corrupt'
 */
export async function verifyBody(
  suite: CryptoSuite,
  publicKey: Bytes,
  label: SigningLabel,
  body: Uint8Array,
  signature: Bytes,
  what: string,
): Promise<void> {
  if (!(await suite.verify(publicKey, signedMessage(label, body), signature))) {
    throw new RoostError('corrupt', `${what} does not verify`);
  }
}
