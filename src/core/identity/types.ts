import type { Bytes } from '../bytes.ts';
import type { AccountId, DeviceId } from '../ids.ts';

/** A device as its account certifies it. Encoded with the account's signature (core/identity/certificate.ts). */
export interface DeviceCertificate {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly devicePublicKey: Bytes; // 32
  readonly label: string;
  readonly madeAt: number;
  readonly expiresAt: number;
}
