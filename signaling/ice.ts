import { createHmac } from 'node:crypto';
import type { DeviceId } from '../src/core/ids.ts';
import type { IceServer } from '../src/core/wire/broker-records.ts';

/** A server as the operator configures it. With `secret` (coturn's `static-auth-secret`) credentials are minted for members. */
export interface IceServerConfig {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
  readonly secret?: string;
  /** seconds that minted credentials last */
  readonly ttlSeconds?: number;
}

const DEFAULT_TTL_SECONDS = 12 * 3600;
const NAME_DIGITS = 16;

/**
 * The servers a device may use. Those with a secret, which cost traffic, are for members only.
 *
 * Credentials in coturn's REST form: username `expiry:name`, credential base64(HMAC-SHA-1(secret, username)), where expiry is in
 * seconds since 1970. The name is a keyed hash of the device, so that the relay's log names no device.
 */
export function iceServersFor(
  configs: readonly IceServerConfig[],
  device: DeviceId,
  member: boolean,
  now: number,
): readonly IceServer[] {
  return configs.flatMap((config): IceServer[] => {
    const { urls, username, credential, secret, ttlSeconds = DEFAULT_TTL_SECONDS } = config;
    if (secret === undefined) {
      return [
        {
          urls: [...urls],
          ...(username === undefined ? {} : { username }),
          ...(credential === undefined ? {} : { credential }),
        },
      ];
    }
    if (!member) return [];
    const name = createHmac('sha256', secret).update(device).digest('hex').slice(0, NAME_DIGITS);
    const minted = `${Math.floor(now / 1000) + ttlSeconds}:${name}`;
    const mac = createHmac('sha1', secret).update(minted).digest('base64');
    return [{ urls: [...urls], username: minted, credential: mac }];
  });
}
