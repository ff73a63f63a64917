import { randomBytes } from 'node:crypto';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import { deviceIdOfKey } from '../../../src/core/ids.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { NetworkIdentity } from '../../../src/ports/platform.ts';
import { RtcTransport } from '../../../src/adapters/nodejs/rtc-transport.ts';
import { systemClock } from '../../../src/adapters/nodejs/system-clock.ts';
import { systemRandom } from '../../../src/adapters/nodejs/system-random.ts';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import type { RunningBroker } from '../../../signaling/broker.ts';
import { startBroker } from '../../../signaling/broker.ts';

const suite = createWebCryptoSuite(globalThis.crypto.subtle);

/** A broker on this machine, on a free port unless one is named, that keeps nothing. */
export function testBroker(port = 0): Promise<RunningBroker> {
  return startBroker({
    port,
    host: '127.0.0.1',
    dataDir: ':memory:',
    limits: {
      mailboxMs: 1_000,
      arrivals: { burst: 10_000, perSecond: 10_000 },
      signals: { burst: 10_000, perSecond: 10_000 },
    },
    log: silentLog,
  });
}

export async function testIdentity(): Promise<NetworkIdentity> {
  const { key, publicKey } = await suite.generateSigning();
  return {
    device: deviceIdOfKey(publicKey),
    publicKey,
    sign: (message) => suite.sign(key, message),
  };
}

export const nobody = (): DeviceId => deviceIdOfKey(randomBytes(32));

export async function testTransport(
  url: string,
  log: Log = silentLog,
): Promise<{ readonly device: DeviceId; readonly transport: RtcTransport }> {
  const identity = await testIdentity();
  const transport = new RtcTransport({
    url,
    identity,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  return { device: identity.device, transport };
}
