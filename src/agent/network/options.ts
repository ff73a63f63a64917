import type { Bytes } from '../../core/bytes.ts';
import type { Signer } from '../../core/crypto/suite.ts';
import type { AccountId, CooperativeId, DeviceId } from '../../core/ids.ts';
import type { Platform } from '../../ports/platform.ts';
import type { Rendezvous } from '../../ports/rendezvous.ts';
import type { Transport } from '../../ports/transport.ts';
import type { Host } from '../host/host.ts';
import type { UploadLimit } from '../session/upload-limit.ts';

/** What a device needs to take part in a cooperative. */
export interface CooperationOptions {
  readonly platform: Pick<Platform, 'crypto' | 'clock' | 'random' | 'log' | 'meta' | 'blobs' | 'about'>;
  readonly identity: {
    readonly keys: { readonly account: AccountId };
    readonly device: DeviceId;
    /** the device's key */
    readonly signer: Signer;
    /** this device's certificate, encoded */
    readonly certificate: Bytes;
  };
  readonly cooperative: CooperativeId;
  readonly host: Host;
  readonly uploads: UploadLimit;
  readonly network: () => Promise<{ readonly transport: Transport; readonly rendezvous: Rendezvous }>;
}
