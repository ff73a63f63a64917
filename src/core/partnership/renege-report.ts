import type { Bytes } from '../bytes.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  idBytes,
} from '../ids.ts';
import { REPORT_MAX_BYTES } from '../wire/limits.ts';
import type { Authorship, CertifiedFields, CertifiedKind } from './certified.ts';
import { makeCertified, readCertified } from './certified.ts';
import { TIME_MAX_MS } from '../limits.ts';

const KIND: CertifiedKind = {
  label: 'roost/1/renege-report',
  what: 'renege report',
  maxBytes: REPORT_MAX_BYTES,
};
const REASONS = ['silent', 'wrong-bytes', 'lost'] as const;

/** Silence proves nothing, wrong bytes do: kept apart, so that readers can judge. */
export type RenegeReason = (typeof REASONS)[number];

interface RenegeFields {
  readonly cooperative: CooperativeId;
  /** whose device did not keep what it had promised */
  readonly against: { readonly account: AccountId; readonly device: DeviceId };
  readonly agreement: AgreementId;
  readonly why: RenegeReason;
  /** when it began, by the reporter's clock, milliseconds since 1970; not after the report itself */
  readonly since: number;
}

/** One member's word that another did not keep an agreement, signed by the device that was wronged. */
export type RenegeReport = RenegeFields & Authorship;

/** Signs a report. @throws RoostError as makeCertified */
export function makeRenegeReport(
  suite: CryptoSuite,
  signer: Signer,
  fields: RenegeFields & CertifiedFields,
): Promise<Bytes> {
  const { cooperative, against, agreement, why, since } = fields;
  const body = {
    coop: idBytes(cooperative),
    account: idBytes(against.account),
    device: idBytes(against.device),
    agreement: idBytes(agreement),
    why,
    since,
  };
  return makeCertified(suite, signer, KIND, fields, body, verifyRenegeReport);
}

/** Reads and verifies a report. @throws RoostError 'malformed' | 'corrupt' | 'refused' */
export async function verifyRenegeReport(suite: CryptoSuite, bytes: Bytes): Promise<RenegeReport> {
  const report = await readCertified(suite, KIND, bytes, (field) => ({
    cooperative: field('coop').id(cooperativeIdFromBytes),
    against: {
      account: field('account').id(accountIdFromBytes),
      device: field('device').id(deviceIdFromBytes),
    },
    agreement: field('agreement').id(agreementIdFromBytes),
    why: field('why').oneOf(REASONS),
    since: field('since').uint(TIME_MAX_MS),
  }));
  if (report.since > report.at) {
    throw new RoostError(
      'malformed',
      `renege report.since must be at most ${report.at}, when it was written, got ${report.since}`,
    );
  }
  if (report.against.account === report.by.account) {
    throw new RoostError('malformed', 'renege report must be against another account than its own');
  }
  return report;
}
