import { describe, expect, inject, it } from 'vitest';
import { fingerprintOf } from '../../src/core/wire/sdp-fingerprint.ts';
import { createConsoleLog } from '../../src/adapters/web/console-log.ts';
import { PeerJsTransport } from '../../src/adapters/web/peerjs-transport.ts';
import { createSystemClock } from '../../src/adapters/web/system-clock.ts';
import { systemRandom } from '../../src/adapters/web/system-random.ts';
import { createTimers } from '../../src/adapters/web/timers.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { faultOf } from '../../src/core/errors.ts';
import { deviceIdOfKey } from '../../src/core/ids.ts';
import type { NetworkIdentity } from '../../src/ports/platform.ts';
import type { Channel } from '../../src/ports/transport.ts';
import { expectFault } from './expect-fault.ts';
import { transportContract } from './transport.ts';

const suite = createWebCryptoSuite(crypto.subtle);
const timers = createTimers();
const clock = createSystemClock(timers);
const log = createConsoleLog('warn');

async function makeIdentity(): Promise<NetworkIdentity> {
  const { key, publicKey } = await suite.generateSigning();
  return { device: deviceIdOfKey(publicKey), publicKey, sign: (message) => suite.sign(key, message) };
}

const transportOf = (identity: NetworkIdentity, broker = inject('broker')): PeerJsTransport =>
  new PeerJsTransport({ broker, identity, clock, random: systemRandom, log, iceServers: [] });

transportContract('PeerJS', async () => {
  const [first, second, absent] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);
  return {
    first: { device: first.device, transport: transportOf(first) },
    second: { device: second.device, transport: transportOf(second) },
    absent: absent.device,
    abortController: () => clock.abortController(),
  };
});

describe('the PeerJS transport', () => {
  it('rejects a connect while no broker answers', async () => {
    const [identity, other] = await Promise.all([makeIdentity(), makeIdentity()]);
    const transport = transportOf(identity, 'http://127.0.0.1:9');
    await expectFault(transport.connect(other.device), 'unreachable');
    await transport.close();
  });

  it('fails only the attempt whose device is away', async () => {
    const [here, there, absent] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);
    const first = transportOf(here);
    const second = transportOf(there);
    const away = first.connect(absent.device);
    const [channel] = await Promise.all([
      first.connect(there.device),
      expectFault(away, 'unreachable', 'timeout'),
    ]);
    expect(channel.claimed).toBe(there.device);
    await first.close();
    await second.close();
  });
});

describe('a broker that goes away', () => {
  it('leaves open channels alone, and is found again when it is back', async () => {
    const [here, there] = await Promise.all([makeIdentity(), makeIdentity()]);
    const first = transportOf(here, inject('mortalBroker'));
    const second = transportOf(there, inject('mortalBroker'));
    const incoming: Channel[] = [];
    second.onIncoming((channel) => void incoming.push(channel));
    const channel = await first.connect(there.device);
    await expect.poll(() => incoming.length).toBe(1);
    let closed = 0;
    channel.onClose(() => closed++);

    await fetch(`${inject('brokerControl')}/stop`);
    // A call on its way when the broker goes is answered by nobody, for 20 seconds.
    await expect
      .poll(() => first.connect(there.device).catch((error: unknown) => faultOf(error)), { timeout: 30_000 })
      .toBe('unreachable');
    const arrived = new Promise<Uint8Array>((resolve) => incoming[0]!.onMessage(resolve));
    channel.send(new Uint8Array([1, 2, 3]));
    expect(await arrived).toEqual(new Uint8Array([1, 2, 3]));

    await fetch(`${inject('brokerControl')}/start`);
    await expect
      .poll(() => first.connect(there.device).then(() => 'open', faultOf), { timeout: 40_000, interval: 500 })
      .toBe('open');
    expect(closed).toBe(0);
    await first.close();
    await second.close();
  });
});

describe('the fingerprint of a session description', () => {
  const digits = Array.from({ length: 32 }, (_, index) => (index + 160).toString(16).toUpperCase()).join(':');
  const line = `a=fingerprint:sha-256 ${digits}\r\n`;

  it('is read as 32 bytes, also when each section repeats it', () => {
    const expected = Uint8Array.from({ length: 32 }, (_, index) => index + 160);
    expect(fingerprintOf('remote', `v=0\r\n${line}`)).toEqual(expected);
    expect(fingerprintOf('remote', `v=0\r\n${line}m=x\r\n${line.toLowerCase()}`)).toEqual(expected);
  });

  it('is refused when there is none, a second one or another algorithm', async () => {
    const other = line.replace('A0', 'A1');
    const sha1 = `a=fingerprint:sha-1 ${digits.slice(0, 59)}\r\n`;
    for (const sdp of ['v=0\r\n', line + other, sha1, line + sha1, line.replace(':A1', ''), undefined]) {
      await expectFault(
        Promise.resolve().then(() => fingerprintOf('remote', sdp)),
        'malformed',
      );
    }
  });
});
