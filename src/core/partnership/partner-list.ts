import type { Bytes } from '../bytes.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  idBytes,
} from '../ids.ts';
import { PARTNER_LIST_MAX_BYTES, PARTNER_LIST_MAX_PARTNERS } from '../wire/limits.ts';
import type { Authorship, CertifiedFields, CertifiedKind } from './certified.ts';
import { makeCertified, readCertified } from './certified.ts';

const KIND: CertifiedKind = {
  label: 'roost/1/partner-list',
  what: 'partner list',
  maxBytes: PARTNER_LIST_MAX_BYTES,
};

export interface ListedPartner {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly agreement: AgreementId;
}

interface PartnerListFields {
  readonly cooperative: CooperativeId;
  /** at most PARTNER_LIST_MAX_PARTNERS */
  readonly partners: readonly ListedPartner[];
}

/** Who holds for a device, in its own words: kept by its partners, so that it survives the device. */
export type PartnerList = PartnerListFields & Authorship;

/** Signs a list. @throws RoostError as makeCertified */
export function makePartnerList(
  suite: CryptoSuite,
  signer: Signer,
  fields: PartnerListFields & CertifiedFields,
): Promise<Bytes> {
  const { cooperative, partners } = fields;
  const body = {
    coop: idBytes(cooperative),
    partners: partners.map(({ device, account, agreement }) => [
      idBytes(device),
      idBytes(account),
      idBytes(agreement),
    ]),
  };
  return makeCertified(suite, signer, KIND, fields, body, verifyPartnerList);
}

/** Reads and verifies a list. @throws RoostError 'malformed' | 'corrupt' | 'refused' */
export function verifyPartnerList(suite: CryptoSuite, bytes: Bytes): Promise<PartnerList> {
  return readCertified(suite, KIND, bytes, (field) => ({
    cooperative: field('coop').id(cooperativeIdFromBytes),
    partners: field('partners').list(PARTNER_LIST_MAX_PARTNERS, (item) => {
      const at = item.tuple(3);
      return {
        device: at(0).id(deviceIdFromBytes),
        account: at(1).id(accountIdFromBytes),
        agreement: at(2).id(agreementIdFromBytes),
      };
    }),
  }));
}
