import type { Bytes } from '../bytes.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../ids.ts';

/** The reciprocal contract of two devices, signed by both device keys (core/agreement/agreement.ts). */
export interface Agreement {
  readonly id: AgreementId;
  readonly cooperative: CooperativeId;
  readonly proposer: AgreementSide;
  readonly accepter: AgreementSide;
  readonly madeAt: number;
  readonly expiresAt: number;
  readonly graceDays: number;
  readonly commitmentDays: number;
  /** counts the agreements of the same two devices; the newer replaces the older */
  readonly epoch: number;
  /** what each side may read a year beside audits, in times of the space the other gives it */
  readonly readsPerYear: number;
  /** longest time between audits that the holder must expect to answer, hours */
  readonly auditHours: number;
}
export interface AgreementSide {
  readonly device: DeviceId;
  readonly devicePublicKey: Bytes;
  readonly account: AccountId;
  /** bytes this side keeps for the other */
  readonly gives: number;
  /** bytes a second this side means to serve; 0 when it promises none */
  readonly bytesPerSecond: number;
  /** hours of the week (UTC, Monday first) in which it means to be online: 168 bits, most significant first; 21 bytes */
  readonly hours: Bytes;
}
