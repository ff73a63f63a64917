import type { Bytes } from '../bytes.ts';
import { equalBytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import type { Countersigned } from '../identity/countersigned.ts';
import { countersign, openCountersigned, openHalfSigned, signFirst } from '../identity/countersigned.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../identity/signed.ts';
import type { AgreementId } from '../ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdOfKey,
  idBytes,
} from '../ids.ts';
import { AGREEMENT_MAX_BYTES, TIME_MAX_MS } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import type { Agreement, AgreementSide } from './types.ts';

/**
 * PROTOCOL.md "Agreement". A proposal is [body, proposer's signature]; the agreement adds the accepter's signature, which
 * covers the body too. Both sign with their device keys.
 */

const VERSION = 1;
const ID_BYTES = 16;
/** Grace and commitment of one agreement. */
const DAYS_MAX = 3650;
const EPOCH_MAX = 0xffff_ffff;
/** More would let a partner have its whole space fetched several times a day. */
const READS_PER_YEAR_MAX = 1000;
/** A year: who is audited less often than that is not audited. */
const AUDIT_HOURS_MAX = 8760;
/** One bit for each hour of the week. */
const HOURS_BYTES = 21;

/** The terms, as both sides sign them. */
export type AgreementTerms = Omit<Agreement, 'id' | 'proposer' | 'accepter'> & {
  readonly proposer: Omit<AgreementSide, 'device'>;
  readonly accepter: Omit<AgreementSide, 'device'>;
};

const AGREEMENT: Countersigned<Agreement> = {
  what: 'agreement',
  maxBytes: AGREEMENT_MAX_BYTES,
  decode: decodeBody,
  first: {
    name: 'proposer',
    label: 'roost/1/agreement-proposal',
    keyOf: ({ proposer }) => proposer.devicePublicKey,
  },
  second: {
    name: 'accepter',
    label: 'roost/1/agreement',
    keyOf: ({ accepter }) => accepter.devicePublicKey,
  },
};

/**
 * A proposal signed by the proposer's device.
 * @throws RoostError 'usage' when the signer is not the proposer, 'malformed' when a term is out of bounds
 */
export function proposeAgreement(suite: CryptoSuite, signer: Signer, terms: AgreementTerms): Promise<Bytes> {
  return signFirst(AGREEMENT, suite, signer, encodeBody(terms));
}

/** Reads a proposal and checks its signature. @throws RoostError 'malformed' | 'corrupt' */
export async function verifyProposal(suite: CryptoSuite, proposal: Bytes): Promise<Agreement> {
  return (await openHalfSigned(AGREEMENT, suite, proposal)).record;
}

/**
 * Adds the accepter's signature to a proposal.
 * @throws RoostError 'malformed' | 'corrupt' for a bad proposal, 'usage' when the signer is not the accepter
 */
export function acceptAgreement(suite: CryptoSuite, signer: Signer, proposal: Bytes): Promise<Bytes> {
  return countersign(AGREEMENT, suite, signer, proposal);
}

/** Reads an agreement and checks both signatures. @throws RoostError 'malformed' | 'corrupt' */
export function verifyAgreement(suite: CryptoSuite, bytes: Bytes): Promise<Agreement> {
  return openCountersigned(AGREEMENT, suite, bytes);
}

/**
 * Whether an answer to a proposal is an agreement (a list of three); else it is a counter-proposal (a list of two).
 * @throws RoostError 'malformed' when it is neither
 */
export function isAgreement(answer: Bytes): boolean {
  return readCbor(answer, AGREEMENT_MAX_BYTES, 'answer to a proposal', (item) => {
    const { length } = item.list(3, ({ value }) => value);
    if (length < 2) throw item.not('a list of 2 or 3');
    return length === 3;
  });
}

/**
 * Reads an agreement whose signatures were verified before it was kept here. Its id is a hash of all its terms, so whoever looks it up by
 * the id notices damage.
 * @throws RoostError 'malformed'
 */
export async function readKeptAgreement(suite: CryptoSuite, bytes: Bytes): Promise<Agreement> {
  const body = readCbor(bytes, AGREEMENT_MAX_BYTES, 'agreement', (item) => readBody(item.tuple(3)(0)));
  return decodeBody(suite, body);
}

/**
 * Whether an agreement is the answer to our proposal: the same body and signature, now with the accepter's.
 * @throws RoostError 'malformed'
 */
export function answersProposal(agreement: Bytes, proposal: Bytes): boolean {
  const asked = readCbor(proposal, AGREEMENT_MAX_BYTES, 'proposal', (item) => item.tuple(2));
  const given = readCbor(agreement, AGREEMENT_MAX_BYTES, 'agreement', (item) => item.tuple(3));
  return (
    equalBytes(readBody(asked(0)), readBody(given(0))) &&
    equalBytes(asked(1).bytes(SIGNATURE_BYTES), given(1).bytes(SIGNATURE_BYTES))
  );
}

const readBody = (item: Item): Bytes => item.bytes({ max: AGREEMENT_MAX_BYTES });

function encodeBody(terms: AgreementTerms): Bytes {
  const side = (of: Omit<AgreementSide, 'device'>): unknown => ({
    account: idBytes(of.account),
    key: of.devicePublicKey,
    gives: of.gives,
    speed: of.bytesPerSecond,
    hours: of.hours,
  });
  return encodeCbor({
    v: VERSION,
    coop: idBytes(terms.cooperative),
    proposer: side(terms.proposer),
    accepter: side(terms.accepter),
    made: terms.madeAt,
    expires: terms.expiresAt,
    grace: terms.graceDays,
    commitment: terms.commitmentDays,
    epoch: terms.epoch,
    reads: terms.readsPerYear,
    audit: terms.auditHours,
  });
}

async function decodeBody(suite: CryptoSuite, body: Bytes): Promise<Agreement> {
  const terms = readCbor(body, AGREEMENT_MAX_BYTES, 'agreement', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      return {
        cooperative: field('coop').id(cooperativeIdFromBytes),
        proposer: decodeSide(field('proposer')),
        accepter: decodeSide(field('accepter')),
        madeAt: field('made').uint(TIME_MAX_MS),
        expiresAt: field('expires').uint(TIME_MAX_MS),
        graceDays: field('grace').uint(DAYS_MAX),
        commitmentDays: field('commitment').uint(DAYS_MAX),
        epoch: field('epoch').uint(EPOCH_MAX),
        readsPerYear: field('reads').uint(READS_PER_YEAR_MAX, 1),
        auditHours: field('audit').uint(AUDIT_HOURS_MAX, 1),
      };
    }),
  );
  if (terms.proposer.device === terms.accepter.device) {
    throw new RoostError('malformed', 'agreement must be between two devices, got one');
  }
  if (terms.expiresAt <= terms.madeAt) {
    throw new RoostError(
      'malformed',
      `agreement must expire after ${terms.madeAt}, when it was made, got ${terms.expiresAt}`,
    );
  }
  return { id: await agreementId(suite, body), ...terms };
}

function decodeSide(item: Item): AgreementSide {
  return item.map((field) => {
    const devicePublicKey = field('key').bytes(PUBLIC_KEY_BYTES);
    return {
      device: deviceIdOfKey(devicePublicKey),
      devicePublicKey,
      account: field('account').id(accountIdFromBytes),
      gives: field('gives').uint(),
      bytesPerSecond: field('speed').uint(),
      hours: field('hours').bytes(HOURS_BYTES),
    };
  });
}

async function agreementId(suite: CryptoSuite, body: Bytes): Promise<AgreementId> {
  return agreementIdFromBytes((await suite.sha256(body)).subarray(0, ID_BYTES));
}
