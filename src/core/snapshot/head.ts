import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { AccountKeys } from '../crypto/account-keys.ts';
import { NO_SALT, label } from '../crypto/labels.ts';
import type { AesGcmKey, CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { accountIdFromBytes, agreementIdFromBytes, cooperativeIdFromBytes } from '../ids.ts';
import { deviceIdFromBytes, idBytes, rendezvousIdFromBytes } from '../ids.ts';
import type { AccountId, DeviceId, RendezvousId } from '../ids.ts';
import { verifyCertificate } from '../identity/certificate.ts';
import { SIGNATURE_BYTES, signBody, verifyBody } from '../identity/signed.ts';
import type { DeviceCertificate } from '../identity/types.ts';
import {
  CERTIFICATE_MAX_BYTES,
  HEAD_MAX_BYTES,
  NAME_MAX_BYTES,
  ROSTER_MAX_ENTRIES,
  TIME_MAX_MS,
} from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { nonce } from './nonce.ts';
import { packRefValue, readPackRef } from './pack-ref.ts';
import type { Head, HeadPartner } from './types.ts';

/**
 * FORMAT.md "Head": [body, signature of the device], body = {v, certificate, rendezvous, seq, savedAt, salt, sealed}. Holders
 * read all but `sealed`, which only the account opens.
 */
const VERSION = 1;
const SALT_BYTES = 32;
/** More do not fit HEAD_MAX_BYTES. */
const LIST_MAX = 1024;

/** What a holder may know of a head. */
export interface HeadEnvelope {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly certificate: DeviceCertificate;
  readonly rendezvous: RendezvousId;
  readonly seq: number;
  /** milliseconds since 1970, by the device's clock */
  readonly savedAt: number;
}

interface Body {
  readonly certificate: Bytes;
  readonly rendezvous: RendezvousId;
  readonly seq: number;
  readonly savedAt: number;
  readonly salt: Bytes;
}

/**
 * Seals a head for the account and signs it by the device.
 * @throws RoostError 'usage' when it would be larger than HEAD_MAX_BYTES, or names another account or device than certified;
 * 'refused' when the certificate does not count at `head.savedAt`
 */
export async function sealHead(
  suite: CryptoSuite,
  keys: AccountKeys,
  deviceSigner: Signer,
  certificate: Bytes,
  head: Head,
): Promise<Bytes> {
  const plain = encodeCbor(headValue(head));
  // The salt comes from the content, so no two heads share a key, whatever a crash or a clock repeats, and no chance is needed.
  const saltKey = await suite.deriveHmac(keys.head, NO_SALT, label('head-salt'));
  const { seq, savedAt } = head;
  const body: Body = {
    certificate,
    rendezvous: keys.rendezvous,
    seq,
    savedAt,
    salt: await suite.hmac(saltKey, plain),
  };
  const key = await headKey(suite, keys, body.salt);
  const sealed = await suite.seal(key, nonce(0), encodeCbor(bodyValue(body)), plain);
  const signed = encodeCbor({ ...bodyValue(body), sealed });
  const bytes = encodeCbor([signed, await signBody(deviceSigner, 'roost/1/head', signed)]);
  if (bytes.length > HEAD_MAX_BYTES) {
    throw new RoostError('usage', `a head must be at most ${HEAD_MAX_BYTES} bytes, got ${bytes.length}`);
  }
  await openHead(suite, keys, bytes); // nothing is written that cannot be read
  return bytes;
}

/**
 * Reads and verifies what needs no key: certificate (at the time of saving) and the device's signature.
 * @throws RoostError 'malformed' | 'corrupt' | 'refused'
 */
export async function readHeadEnvelope(suite: CryptoSuite, bytes: Bytes): Promise<HeadEnvelope> {
  const { body, certificate } = await readSigned(suite, bytes);
  const { account, device } = certificate;
  return { account, device, certificate, rendezvous: body.rendezvous, seq: body.seq, savedAt: body.savedAt };
}

/**
 * Verifies and opens a head of our own account.
 * @throws RoostError 'malformed' | 'corrupt' | 'refused' (also when it is another account's)
 */
export async function openHead(suite: CryptoSuite, keys: AccountKeys, bytes: Bytes): Promise<Head> {
  const { body, sealed, certificate } = await readSigned(suite, bytes);
  if (certificate.account !== keys.account || body.rendezvous !== keys.rendezvous) {
    throw new RoostError('refused', `head belongs to account ${certificate.account}, not to ours`);
  }
  const key = await headKey(suite, keys, body.salt);
  const plain = await suite.open(key, nonce(0), encodeCbor(bodyValue(body)), sealed);
  const head = readCbor(plain, HEAD_MAX_BYTES, 'head', readHead);
  const same =
    head.account === certificate.account &&
    head.device === certificate.device &&
    head.seq === body.seq &&
    head.savedAt === body.savedAt;
  if (!same)
    throw new RoostError(
      'corrupt',
      'head must say inside what its envelope says, got another device or number',
    );
  return head;
}

async function readSigned(
  suite: CryptoSuite,
  bytes: Bytes,
): Promise<{ readonly body: Body; readonly sealed: Bytes; readonly certificate: DeviceCertificate }> {
  const outer = readCbor(bytes, HEAD_MAX_BYTES, 'head envelope', (item) => {
    const at = item.tuple(2);
    return { signed: at(0).bytes({ max: HEAD_MAX_BYTES }), signature: at(1).bytes(SIGNATURE_BYTES) };
  });
  const { body, sealed } = readCbor(outer.signed, HEAD_MAX_BYTES, 'head envelope', readBody);
  const certificate = await verifyCertificate(suite, body.certificate, body.savedAt);
  const { devicePublicKey } = certificate;
  await verifyBody(
    suite,
    devicePublicKey,
    'roost/1/head',
    outer.signed,
    outer.signature,
    "head's device signature",
  );
  return { body, sealed, certificate };
}

function headKey(suite: CryptoSuite, keys: AccountKeys, salt: Bytes): Promise<AesGcmKey> {
  return suite.deriveAesGcm(keys.head, salt, label('head-seal'));
}

/** All of the body but `sealed`; it is the AAD, too. */
function bodyValue(body: Body): Record<string, unknown> {
  return { v: VERSION, ...body, rendezvous: idBytes(body.rendezvous) };
}

function readBody(item: Item): { readonly body: Body; readonly sealed: Bytes } {
  return item.map((field) => {
    field('v').uint(VERSION, VERSION);
    const body: Body = {
      certificate: field('certificate').bytes({ max: CERTIFICATE_MAX_BYTES }),
      rendezvous: field('rendezvous').id(rendezvousIdFromBytes),
      seq: field('seq').uint(Number.MAX_SAFE_INTEGER, 1),
      savedAt: field('savedAt').uint(TIME_MAX_MS),
      salt: field('salt').bytes(SALT_BYTES),
    };
    return { body, sealed: field('sealed').bytes({ max: HEAD_MAX_BYTES }) };
  });
}

function headValue(head: Head): Record<string, unknown> {
  return {
    v: VERSION,
    account: idBytes(head.account),
    device: idBytes(head.device),
    deviceLabel: head.deviceLabel,
    cooperative: idBytes(head.cooperative),
    rosterLength: head.roster.length,
    rosterHead: head.roster.head,
    seq: head.seq,
    prevHash: head.prevHash,
    index: head.index.map(packRefValue),
    partners: head.partners.map((p) => [idBytes(p.device), idBytes(p.account), idBytes(p.agreement)]),
    savedAt: head.savedAt,
  };
}

function readHead(item: Item): Head {
  return item.map((field) => {
    field('v').uint(VERSION, VERSION);
    return {
      account: field('account').id(accountIdFromBytes),
      device: field('device').id(deviceIdFromBytes),
      deviceLabel: field('deviceLabel').text(NAME_MAX_BYTES),
      cooperative: field('cooperative').id(cooperativeIdFromBytes),
      roster: { length: field('rosterLength').uint(ROSTER_MAX_ENTRIES), head: field('rosterHead').bytes(32) },
      seq: field('seq').uint(Number.MAX_SAFE_INTEGER, 1),
      prevHash: field('prevHash').bytes(32),
      index: field('index').list(LIST_MAX, readPackRef),
      partners: field('partners').list(LIST_MAX, readPartner),
      savedAt: field('savedAt').uint(TIME_MAX_MS),
    };
  });
}

function readPartner(item: Item): HeadPartner {
  const at = item.tuple(3);
  return {
    device: at(0).id(deviceIdFromBytes),
    account: at(1).id(accountIdFromBytes),
    agreement: at(2).id(agreementIdFromBytes),
  };
}
