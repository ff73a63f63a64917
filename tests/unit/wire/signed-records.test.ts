import { beforeAll, describe, expect, it } from 'vitest';
import {
  acceptAgreement,
  answersProposal,
  isAgreement,
  proposeAgreement,
  verifyAgreement,
  verifyProposal,
} from '../../../src/core/agreement/agreement.ts';
import type { AgreementTerms } from '../../../src/core/agreement/agreement.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import type { Signer } from '../../../src/core/crypto/suite.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { RoostError } from '../../../src/core/errors.ts';
import {
  CLOCK_SKEW_MS,
  issueCertificate,
  verifyCertificate,
} from '../../../src/core/identity/certificate.ts';
import {
  accountIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdOfKey,
  packIdFromBytes,
} from '../../../src/core/ids.ts';
import {
  decodeLedgerRow,
  encodeLedgerRow,
  ledgerDigest,
  segmentBytes,
} from '../../../src/core/ledger/row.ts';
import {
  AGREEMENT_MAX_BYTES,
  CERTIFICATE_MAX_BYTES,
  SEALED_SEGMENT_BYTES,
} from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';

const suite = createWebCryptoSuite(globalThis.crypto.subtle);
const NOW = 1_800_000_000_000;
const YEAR = 365 * 86_400_000;

async function signer(seed: number): Promise<Signer> {
  const { key, publicKey } = await suite.importSigning(new Uint8Array(32).fill(seed));
  return { publicKey, sign: (message) => suite.sign(key, message) };
}

let account: Signer, alice: Signer, bob: Signer;
let terms: AgreementTerms;
beforeAll(async () => {
  [account, alice, bob] = (await Promise.all([1, 2, 3].map(signer))) as [Signer, Signer, Signer];
  terms = {
    cooperative: cooperativeIdFromBytes(new Uint8Array(32).fill(7)),
    proposer: {
      devicePublicKey: alice.publicKey,
      account: accountIdFromBytes(account.publicKey),
      gives: 2 ** 40,
      bytesPerSecond: 2 ** 30,
      hours: new Uint8Array(21).fill(0xa5),
    },
    accepter: {
      devicePublicKey: bob.publicKey,
      account: accountIdFromBytes(bob.publicKey),
      gives: 2 ** 39,
      bytesPerSecond: 0,
      hours: new Uint8Array(21),
    },
    madeAt: NOW,
    expiresAt: NOW + YEAR,
    graceDays: 14,
    commitmentDays: 0,
    epoch: 1,
    readsPerYear: 16,
    auditHours: 168,
  };
});

/** Every byte changed once, and every truncation: nothing gets through. */
async function refusesAnyChange(bytes: Bytes, verify: (bytes: Bytes) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < bytes.length; at++) {
    const bad = bytes.slice();
    bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
    await expect(verify(bad), `byte ${at}`).rejects.toBeInstanceOf(RoostError);
    await expect(verify(bytes.slice(0, at)), `cut at ${at}`).rejects.toBeInstanceOf(RoostError);
  }
}

describe('a device certificate', () => {
  const issue = (label = 'Laptop', madeAt = NOW, expiresAt = NOW + YEAR): Promise<Bytes> =>
    issueCertificate(suite, account, { devicePublicKey: alice.publicKey, label, madeAt, expiresAt });

  it('says which device belongs to which account', async () => {
    const bytes = await issue();
    expect(bytes.length).toBeLessThanOrEqual(CERTIFICATE_MAX_BYTES);
    expect(await verifyCertificate(suite, bytes, NOW)).toEqual({
      account: accountIdFromBytes(account.publicKey),
      device: deviceIdOfKey(alice.publicKey),
      devicePublicKey: alice.publicKey,
      label: 'Laptop',
      madeAt: NOW,
      expiresAt: NOW + YEAR,
    });
    const longest = await issue('ß'.repeat(64));
    expect(longest.length).toBeLessThanOrEqual(CERTIFICATE_MAX_BYTES);
  });

  it('is refused with any byte changed or missing', async () => {
    await refusesAnyChange(await issue(), (bytes) => verifyCertificate(suite, bytes, NOW));
  });

  it('counts until a day after it expires, also for a clock that was set back by years', async () => {
    const bytes = await issue();
    for (const now of [NOW - 10 * YEAR, NOW, NOW + YEAR + CLOCK_SKEW_MS]) {
      expect((await verifyCertificate(suite, bytes, now)).label).toBe('Laptop');
    }
    const tooLate = NOW + YEAR + CLOCK_SKEW_MS + 1;
    await expect(verifyCertificate(suite, bytes, tooLate)).rejects.toMatchObject({ fault: 'refused' });
  });

  it('is not issued with fields out of bounds, or by a signer whose key is another', async () => {
    await expect(issue('x'.repeat(129))).rejects.toMatchObject({ fault: 'usage' });
    await expect(issue('')).rejects.toMatchObject({ fault: 'usage' });
    await expect(issue('x', NOW, NOW)).rejects.toMatchObject({ fault: 'usage' });
    await expect(issue('x', NOW, NOW + 21 * YEAR)).rejects.toMatchObject({ fault: 'usage' });
    const twisted = { publicKey: account.publicKey, sign: (message: Bytes) => bob.sign(message) };
    const fields = { devicePublicKey: alice.publicKey, label: 'x', madeAt: NOW, expiresAt: NOW + 1 };
    await expect(issueCertificate(suite, twisted, fields)).rejects.toMatchObject({ fault: 'corrupt' });
  });
});

describe('an agreement', () => {
  it('is the proposal with the accepter’s signature, and named by its terms', async () => {
    const proposal = await proposeAgreement(suite, alice, terms);
    const agreement = await acceptAgreement(suite, bob, proposal);
    const [proposed, agreed] = [
      await verifyProposal(suite, proposal),
      await verifyAgreement(suite, agreement),
    ];
    expect(agreed).toEqual(proposed);
    expect(agreed).toMatchObject({
      ...terms,
      id: agreed.id,
      accepter: { device: deviceIdOfKey(bob.publicKey) },
    });
    expect(agreement.length).toBeLessThanOrEqual(AGREEMENT_MAX_BYTES);
    expect(answersProposal(agreement, proposal)).toBe(true);
    const other = await proposeAgreement(suite, alice, { ...terms, epoch: 2 });
    expect((await verifyProposal(suite, other)).id).not.toBe(agreed.id);
    expect(answersProposal(agreement, other)).toBe(false);
  });

  it('is refused with any byte changed or missing', async () => {
    const proposal = await proposeAgreement(suite, alice, terms);
    await refusesAnyChange(proposal, (bytes) => verifyProposal(suite, bytes));
    const agreement = await acceptAgreement(suite, bob, proposal);
    await refusesAnyChange(agreement, (bytes) => verifyAgreement(suite, bytes));
  });

  it('cannot be signed by anybody but its two devices, each in its own place', async () => {
    await expect(proposeAgreement(suite, bob, terms)).rejects.toMatchObject({ fault: 'usage' });
    const proposal = await proposeAgreement(suite, alice, terms);
    await expect(acceptAgreement(suite, alice, proposal)).rejects.toMatchObject({ fault: 'usage' });
    const forged = { publicKey: bob.publicKey, sign: (message: Bytes) => alice.sign(message) };
    const agreement = await acceptAgreement(suite, forged, proposal);
    await expect(verifyAgreement(suite, agreement)).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('is told from a counter-proposal, which is an answer, too', async () => {
    const proposal = await proposeAgreement(suite, alice, terms);
    expect(isAgreement(proposal)).toBe(false);
    expect(isAgreement(await acceptAgreement(suite, bob, proposal))).toBe(true);
    for (const bad of [[], [1], [1, 2, 3, 4], 7])
      expect(() => isAgreement(encodeCbor(bad))).toThrow(RoostError);
    expect(() => isAgreement(new Uint8Array(AGREEMENT_MAX_BYTES + 1))).toThrow(RoostError);
  });

  it('has reads, hours of audit and hours of the week within their bounds', async () => {
    for (const change of [
      { readsPerYear: 0 },
      { readsPerYear: 1001 },
      { auditHours: 0 },
      { auditHours: 8761 },
      { accepter: { ...terms.accepter, hours: new Uint8Array(20) } },
      { accepter: { ...terms.accepter, bytesPerSecond: -1 } },
    ]) {
      await expect(proposeAgreement(suite, alice, { ...terms, ...change })).rejects.toMatchObject({
        fault: 'malformed',
      });
    }
    for (const change of [
      { readsPerYear: 1, auditHours: 1 },
      { readsPerYear: 1000, auditHours: 8760 },
    ]) {
      const proposal = await proposeAgreement(suite, alice, { ...terms, ...change });
      expect(await verifyProposal(suite, proposal)).toMatchObject(change);
    }
  });

  it('is refused between a device and itself, or when it ends before it begins', async () => {
    const self = { ...terms, accepter: terms.proposer };
    await expect(proposeAgreement(suite, alice, self)).rejects.toMatchObject({ fault: 'malformed' });
    const ended = { ...terms, expiresAt: terms.madeAt };
    await expect(proposeAgreement(suite, alice, ended)).rejects.toMatchObject({ fault: 'malformed' });
  });
});

describe('a ledger', () => {
  const row = (number: number, bytes = 3 * SEALED_SEGMENT_BYTES): LedgerRow => ({
    row: number,
    packId: packIdFromBytes(new Uint8Array(16).fill(number)),
    shard: 3,
    bytes,
    segments: Math.ceil(bytes / SEALED_SEGMENT_BYTES),
    hash: new Uint8Array(32).fill(9),
  });

  it('has rows that read as they were written', () => {
    for (const bytes of [17, SEALED_SEGMENT_BYTES, SEALED_SEGMENT_BYTES + 17, 160 * SEALED_SEGMENT_BYTES]) {
      const one = row(5, bytes);
      expect(decodeLedgerRow(encodeLedgerRow(one))).toEqual(one);
      let sum = 0;
      for (let i = 0; i < one.segments; i++) sum += segmentBytes(one, i);
      expect(sum).toBe(bytes);
    }
  });

  it('takes no row whose segments do not add up', () => {
    for (const bad of [
      { ...row(1), segments: 4 },
      { ...row(1), segments: 2 },
      row(1, SEALED_SEGMENT_BYTES + 16),
      row(1, 16),
      { ...row(1), segments: 0, bytes: 0 },
    ]) {
      expect(() => encodeLedgerRow(bad)).toThrow(RoostError);
    }
  });

  it('has one digest for the same rows and another for any other', () => {
    const digest = ledgerDigest([row(1), row(2), row(5)]);
    expect(digest).toMatchObject({ rows: 3, bytes: 9 * SEALED_SEGMENT_BYTES });
    expect(ledgerDigest([row(1), row(2), row(5)])).toEqual(digest);
    for (const rows of [[row(1), row(2)], [row(1), row(2), row(6)], [row(1), row(2), row(5, 99)], []]) {
      expect(ledgerDigest(rows).digest).not.toEqual(digest.digest);
    }
    expect(() => ledgerDigest([row(2), row(1)])).toThrow(RoostError);
    expect(() => ledgerDigest([row(1), row(1)])).toThrow(RoostError);
  });
});
