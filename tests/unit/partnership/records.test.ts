import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  countersignReceipt,
  readReceipt,
  signReceipt,
  verifyReceipt,
} from '../../../src/core/audit/receipt.ts';
import type { ReceiptFields } from '../../../src/core/audit/receipt.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import type { Signer } from '../../../src/core/crypto/suite.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { CLOCK_SKEW_MS, issueCertificate } from '../../../src/core/identity/certificate.ts';
import { signBody } from '../../../src/core/identity/signed.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  deviceIdOfKey,
  idBytes,
  packIdFromBytes,
} from '../../../src/core/ids.ts';
import { makeDuty, verifyDuty } from '../../../src/core/partnership/duty.ts';
import { makeLeaveNotice, verifyLeaveNotice } from '../../../src/core/partnership/leave-notice.ts';
import { makePartnerList, verifyPartnerList } from '../../../src/core/partnership/partner-list.ts';
import { makeRenegeReport, verifyRenegeReport } from '../../../src/core/partnership/renege-report.ts';
import {
  DUTY_MAX_BYTES,
  DUTY_PART_MAX_PACKS,
  LEAVE_NOTICE_MAX_BYTES,
  PARTNER_LIST_MAX_BYTES,
  PARTNER_LIST_MAX_PARTNERS,
  RECEIPT_MAX_BYTES,
  REPORT_MAX_BYTES,
} from '../../../src/core/wire/limits.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const suite = createWebCryptoSuite(globalThis.crypto.subtle);
const NOW = 1_800_000_000_000;
const YEAR = 365 * 86_400_000;
const COOPERATIVE = cooperativeIdFromBytes(patternBytes(32, 1));
const AGREEMENT = agreementIdFromBytes(patternBytes(16, 2));

async function signer(seed: number): Promise<Signer> {
  const { key, publicKey } = await suite.importSigning(new Uint8Array(32).fill(seed));
  return { publicKey, sign: (message) => suite.sign(key, message) };
}

let account: Signer, device: Signer, other: Signer;
let certificate: Bytes;
beforeAll(async () => {
  [account, device, other] = (await Promise.all([1, 2, 3].map(signer))) as [Signer, Signer, Signer];
  certificate = await issueCertificate(suite, account, {
    devicePublicKey: device.publicKey,
    label: 'ß'.repeat(64),
    madeAt: NOW,
    expiresAt: NOW + YEAR,
  });
});

const by = (): object => ({
  account: accountIdFromBytes(account.publicKey),
  device: deviceIdOfKey(device.publicKey),
});

const report = () => ({
  certificate,
  at: NOW + 5,
  cooperative: COOPERATIVE,
  against: {
    account: accountIdFromBytes(patternBytes(32, 3)),
    device: deviceIdFromBytes(patternBytes(20, 4)),
  },
  agreement: AGREEMENT,
  why: 'wrong-bytes' as const,
  since: NOW,
});
const notice = () => ({
  agreement: AGREEMENT,
  device: deviceIdFromBytes(patternBytes(20, 4)),
  at: NOW,
  until: NOW + 14 * 86_400_000,
});
const partners = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    device: deviceIdFromBytes(patternBytes(20, i)),
    account: accountIdFromBytes(patternBytes(32, i)),
    agreement: agreementIdFromBytes(patternBytes(16, i)),
  }));
const packs = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    packId: packIdFromBytes(patternBytes(16, i)),
    code: parseCode('reed-solomon:200+55'),
    shardBytes: 10_000_000,
  }));
const receipt = (change: Partial<ReceiptFields> = {}): ReceiptFields => ({
  cooperative: COOPERATIVE,
  agreement: AGREEMENT,
  owner: { account: accountIdFromBytes(account.publicKey), devicePublicKey: device.publicKey },
  holder: { account: accountIdFromBytes(other.publicKey), devicePublicKey: other.publicKey },
  at: NOW,
  commit: patternBytes(32, 7),
  digest: patternBytes(32, 8),
  rows: 2 ** 40,
  segments: 2 ** 47,
  count: 64,
  outcome: 'passed',
  ...change,
});

interface Kind {
  readonly name: string;
  readonly max: number;
  make(): Promise<Bytes>;
  verify(bytes: Bytes): Promise<unknown>;
  says(): unknown;
}

const sides = (fields: ReceiptFields): object => ({
  ...fields,
  owner: { ...fields.owner, device: deviceIdOfKey(fields.owner.devicePublicKey) },
  holder: { ...fields.holder, device: deviceIdOfKey(fields.holder.devicePublicKey) },
});

const KINDS: readonly Kind[] = [
  {
    name: 'a report of reneging',
    max: REPORT_MAX_BYTES,
    make: () => makeRenegeReport(suite, device, report()),
    verify: (bytes) => verifyRenegeReport(suite, bytes),
    says: () => {
      const { certificate: _, ...rest } = report();
      return { ...rest, by: by() };
    },
  },
  {
    name: 'a notice of leaving',
    max: LEAVE_NOTICE_MAX_BYTES,
    make: () => makeLeaveNotice(suite, device, notice()),
    verify: (bytes) => verifyLeaveNotice(suite, bytes, device.publicKey),
    says: notice,
  },
  {
    name: 'a list of partners',
    max: PARTNER_LIST_MAX_BYTES,
    make: () =>
      makePartnerList(suite, device, {
        certificate,
        at: NOW,
        cooperative: COOPERATIVE,
        partners: partners(3),
      }),
    verify: (bytes) => verifyPartnerList(suite, bytes),
    says: () => ({ by: by(), at: NOW, cooperative: COOPERATIVE, partners: partners(3) }),
  },
  {
    name: 'a duty',
    max: DUTY_MAX_BYTES,
    make: async () => (await makeDuty(suite, device, { certificate, at: NOW, packs: packs(2) }))[0]!,
    verify: (bytes) => verifyDuty(suite, bytes),
    says: () => ({ by: by(), at: NOW, part: 0, parts: 1, packs: packs(2) }),
  },
  {
    name: "a receipt with the owner's signature",
    max: RECEIPT_MAX_BYTES,
    make: () => signReceipt(suite, device, receipt()),
    verify: (bytes) => readReceipt(suite, bytes),
    says: () => sides(receipt()),
  },
  {
    name: 'a receipt with both signatures',
    max: RECEIPT_MAX_BYTES,
    make: async () => countersignReceipt(suite, other, await signReceipt(suite, device, receipt())),
    verify: (bytes) => verifyReceipt(suite, bytes),
    says: () => sides(receipt()),
  },
];

for (const { name, max, make, verify, says } of KINDS) {
  describe(name, () => {
    it('reads as it was written, within its bound', async () => {
      const bytes = await make();
      expect(bytes.length).toBeLessThanOrEqual(max);
      expect(await verify(bytes)).toEqual(says());
    });

    it('is refused with any byte changed or missing', async () => {
      const bytes = await make();
      for (let at = 0; at < bytes.length; at++) {
        const bad = bytes.slice();
        bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
        await expect(verify(bad), `byte ${at}`).rejects.toBeInstanceOf(RoostError);
        await expect(verify(bytes.slice(0, at)), `cut at ${at}`).rejects.toBeInstanceOf(RoostError);
      }
    });

    it('survives mutation: a RoostError, nothing else', async () => {
      const bytes = await make();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
          fc.uint8Array({ maxLength: 4 }),
          async (changes, more) => {
            const bad = new Uint8Array(bytes.length + more.length);
            bad.set(bytes);
            bad.set(more, bytes.length);
            for (const [at, value] of changes) bad[at] = value;
            if (more.length === 0 && bad.every((byte, i) => byte === bytes[i])) return;
            await expect(verify(bad)).rejects.toBeInstanceOf(RoostError);
          },
        ),
        { numRuns: 300 },
      );
    });

    it('is not taken longer than its bound', async () => {
      await expect(verify(new Uint8Array(max + 1))).rejects.toMatchObject({ fault: 'malformed' });
    });
  });
}

describe('records with a certificate', () => {
  it('cannot be signed by a device that the certificate does not name', async () => {
    await expect(makeRenegeReport(suite, other, report())).rejects.toMatchObject({ fault: 'corrupt' });
    await expect(
      makePartnerList(suite, other, { certificate, at: NOW, cooperative: COOPERATIVE, partners: [] }),
    ).rejects.toMatchObject({ fault: 'corrupt' });
  });

  it('count only for the time of the certificate', async () => {
    const late = { ...report(), at: NOW + YEAR + CLOCK_SKEW_MS + 1 };
    await expect(makeRenegeReport(suite, device, late)).rejects.toMatchObject({ fault: 'refused' });
  });

  it('do not pass for each other', async () => {
    const [one, two] = await Promise.all(KINDS.map(({ make }) => make()));
    await expect(verifyRenegeReport(suite, two!)).rejects.toBeInstanceOf(RoostError);
    await expect(verifyPartnerList(suite, one!)).rejects.toBeInstanceOf(RoostError);
    // The very fields of a list, signed as a report.
    const body = encodeCbor({
      v: 1,
      certificate,
      at: NOW,
      coop: idBytes(COOPERATIVE),
      partners: [],
    });
    const forged = encodeCbor([body, await signBody(device, 'roost/1/renege-report', body)]);
    await expect(verifyPartnerList(suite, forged)).rejects.toMatchObject({ fault: 'corrupt' });
  });
});

describe('what a record cannot say', () => {
  it('a report: that it began after it was written, or against its own account', async () => {
    await expect(makeRenegeReport(suite, device, { ...report(), since: NOW + 6 })).rejects.toMatchObject({
      fault: 'malformed',
    });
    const own = { account: accountIdFromBytes(account.publicKey), device: deviceIdOfKey(device.publicKey) };
    await expect(makeRenegeReport(suite, device, { ...report(), against: own })).rejects.toMatchObject({
      fault: 'malformed',
    });
  });

  it('a notice: that it ends before it was written; and nobody else can sign it', async () => {
    await expect(makeLeaveNotice(suite, device, { ...notice(), until: NOW - 1 })).rejects.toMatchObject({
      fault: 'malformed',
    });
    const bytes = await makeLeaveNotice(suite, device, notice());
    await expect(verifyLeaveNotice(suite, bytes, other.publicKey)).rejects.toMatchObject({
      fault: 'corrupt',
    });
  });

  it('a list: more partners than its bound, which fit its bytes', async () => {
    const list = (count: number) =>
      makePartnerList(suite, device, {
        certificate,
        at: NOW,
        cooperative: COOPERATIVE,
        partners: partners(count),
      });
    const most = await list(PARTNER_LIST_MAX_PARTNERS);
    expect(most.length).toBeLessThanOrEqual(PARTNER_LIST_MAX_BYTES);
    await expect(list(PARTNER_LIST_MAX_PARTNERS + 1)).rejects.toMatchObject({ fault: 'malformed' });
  });

  it('a duty: a code that is none; and many packs make several parts, each within its bound', async () => {
    const parts = await makeDuty(suite, device, {
      certificate,
      at: NOW,
      packs: packs(DUTY_PART_MAX_PACKS + 1),
    });
    expect(parts).toHaveLength(2);
    expect(parts[0]!.length).toBeLessThanOrEqual(DUTY_MAX_BYTES);
    const read = await Promise.all(parts.map((part) => verifyDuty(suite, part)));
    expect(read.map(({ part, parts: all }) => [part, all])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(read.flatMap((part) => part.packs)).toEqual(packs(DUTY_PART_MAX_PACKS + 1));
    expect(await makeDuty(suite, device, { certificate, at: NOW, packs: [] })).toHaveLength(1);
    for (const code of ['reed-solomon:06+3', 'reed-solomon:6', 'mirror:1', 'nothing']) {
      const body = encodeCbor({
        v: 1,
        certificate,
        at: NOW,
        part: 0,
        parts: 1,
        packs: [[new Uint8Array(16), code, 100]],
      });
      const bad = encodeCbor([body, await signBody(device, 'roost/1/duty', body)]);
      await expect(verifyDuty(suite, bad), code).rejects.toMatchObject({ fault: 'malformed' });
    }
  });

  it('a receipt: anything signed by another than its owner and its holder', async () => {
    await expect(signReceipt(suite, other, receipt())).rejects.toMatchObject({ fault: 'usage' });
    const signed = await signReceipt(suite, device, receipt());
    await expect(countersignReceipt(suite, device, signed)).rejects.toMatchObject({ fault: 'usage' });
    const forger = { publicKey: other.publicKey, sign: (message: Bytes) => device.sign(message) };
    const forged = await countersignReceipt(suite, forger, signed);
    await expect(verifyReceipt(suite, forged)).rejects.toMatchObject({ fault: 'corrupt' });
    await expect(signReceipt(suite, device, receipt({ count: 65 }))).rejects.toMatchObject({
      fault: 'malformed',
    });
  });
});
