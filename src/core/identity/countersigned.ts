import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import type { SigningLabel } from './signed.ts';
import { SIGNATURE_BYTES, signBody, verifyBody } from './signed.ts';

/** One of the two who sign. */
export interface Signatory<T> {
  /** for messages */
  readonly name: string;
  readonly label: SigningLabel;
  /** the public key of its device, as the record says */
  readonly keyOf: (record: T) => Bytes;
}

/**
 * A kind of record that two devices sign, one after the other: CBOR `[body, signature]`, then `[body, signature, signature]`, each signature
 * over the same body.
 */
export interface Countersigned<T> {
  /** for messages */
  readonly what: string;
  readonly maxBytes: number;
  /** @throws RoostError 'malformed' */
  readonly decode: (suite: CryptoSuite, body: Bytes) => T | Promise<T>;
  readonly first: Signatory<T>;
  readonly second: Signatory<T>;
}

/** What the first has signed. */
export interface HalfSigned<T> {
  readonly record: T;
  readonly body: Bytes;
  readonly signature: Bytes;
}

/** Signs a body as the first. @throws RoostError 'malformed' for a body that is none, 'usage' when the signer is not the first */
export async function signFirst<T>(
  kind: Countersigned<T>,
  suite: CryptoSuite,
  signer: Signer,
  body: Bytes,
): Promise<Bytes> {
  mustBe(signer, kind, kind.first, await kind.decode(suite, body));
  return encodeCbor([body, await signBody(signer, kind.first.label, body)]);
}

/** Reads what the first has signed. @throws RoostError 'malformed' | 'corrupt' */
export async function openHalfSigned<T>(
  kind: Countersigned<T>,
  suite: CryptoSuite,
  bytes: Bytes,
): Promise<HalfSigned<T>> {
  const [body, signature] = readCbor(bytes, kind.maxBytes, kind.what, (item) => {
    const at = item.tuple(2);
    return [readBody(kind, at(0)), at(1).bytes(SIGNATURE_BYTES)] as const;
  });
  const record = await kind.decode(suite, body);
  await verifyOne(kind, kind.first, suite, record, body, signature);
  return { record, body, signature };
}

/**
 * Adds the second's signature.
 * @throws RoostError 'malformed' | 'corrupt' for a bad record, 'usage' when the signer is not the second
 */
export async function countersign<T>(
  kind: Countersigned<T>,
  suite: CryptoSuite,
  signer: Signer,
  bytes: Bytes,
): Promise<Bytes> {
  const { record, body, signature } = await openHalfSigned(kind, suite, bytes);
  mustBe(signer, kind, kind.second, record);
  return encodeCbor([body, signature, await signBody(signer, kind.second.label, body)]);
}

/** Reads a record and checks both signatures. @throws RoostError 'malformed' | 'corrupt' */
export async function openCountersigned<T>(
  kind: Countersigned<T>,
  suite: CryptoSuite,
  bytes: Bytes,
): Promise<T> {
  const [body, first, second] = readCbor(bytes, kind.maxBytes, kind.what, (item) => {
    const at = item.tuple(3);
    return [readBody(kind, at(0)), at(1).bytes(SIGNATURE_BYTES), at(2).bytes(SIGNATURE_BYTES)] as const;
  });
  const record = await kind.decode(suite, body);
  await verifyOne(kind, kind.first, suite, record, body, first);
  await verifyOne(kind, kind.second, suite, record, body, second);
  return record;
}

function readBody({ maxBytes }: { readonly maxBytes: number }, item: Item): Bytes {
  return item.bytes({ max: maxBytes });
}

function verifyOne<T>(
  { what }: Countersigned<T>,
  { name, label, keyOf }: Signatory<T>,
  suite: CryptoSuite,
  record: T,
  body: Bytes,
  signature: Bytes,
): Promise<void> {
  return verifyBody(suite, keyOf(record), label, body, signature, `${what}'s ${name} signature`);
}

function mustBe<T>(
  signer: Signer,
  { what }: Countersigned<T>,
  { name, keyOf }: Signatory<T>,
  record: T,
): void {
  if (!equalBytes(signer.publicKey, keyOf(record))) {
    throw new RoostError('usage', `${what} must be signed by its ${name}, got another device's key`);
  }
}
