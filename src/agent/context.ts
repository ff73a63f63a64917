import type { Bytes } from '../core/bytes.ts';
import type { AccountKeys } from '../core/crypto/account-keys.ts';
import type { Signer } from '../core/crypto/suite.ts';
import type { DeviceId } from '../core/ids.ts';
import type { Platform } from '../ports/platform.ts';
import type { Cooperation } from './network/types.ts';
import type { Repository } from './repository/repository.ts';

/** What the parts of a running agent share: a device of an account, on a platform, in a cooperative. */
export interface AgentContext {
  readonly platform: Platform;
  readonly keys: AccountKeys;
  readonly device: DeviceId;
  readonly deviceLabel: string;
  readonly signer: Signer;
  /** this device's certificate, encoded */
  readonly certificate: Bytes;
  readonly cooperation: Cooperation;
  readonly repository: Repository;
}
