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
}
export interface AgreementSide {
  readonly device: DeviceId;
  readonly devicePublicKey: Bytes;
  readonly account: AccountId;
  /** bytes this side keeps for the other */
  readonly gives: number;
}
