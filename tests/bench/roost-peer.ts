// One end of a Roost channel, as a process of its own: `node roost-peer.ts BROKER BYTES [DEVICE]`.
// Without DEVICE it waits for a call and counts; with DEVICE it calls and sends.
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { deviceIdOfKey, parseDeviceId } from '../../src/core/ids.ts';
import { RtcTransport } from '../../src/adapters/nodejs/rtc-transport.ts';
import { systemClock } from '../../src/adapters/nodejs/system-clock.ts';
import { systemRandom } from '../../src/adapters/nodejs/system-random.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';

const MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;

export type RoostPeerMessage =
  | { readonly kind: 'ready'; readonly device: string }
  | { readonly kind: 'received'; readonly seconds: number };

const [broker = '', bytes = '0', callee] = process.argv.slice(2);
const total = Number(bytes);
const tell = (message: RoostPeerMessage): void => void process.send?.(message);

const suite = createWebCryptoSuite(globalThis.crypto.subtle);
const { key, publicKey } = await suite.generateSigning();
const device = deviceIdOfKey(publicKey);
const transport = new RtcTransport({
  url: broker,
  identity: { device, publicKey, sign: (message) => suite.sign(key, message) },
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
process.on('disconnect', () => process.exit());

if (callee === undefined) {
  transport.onIncoming((channel) => {
    let received = 0;
    let started = 0;
    channel.onMessage((message) => {
      if (received === 0) started = performance.now();
      received += message.length;
      if (received >= total) tell({ kind: 'received', seconds: (performance.now() - started) / 1000 });
    });
  });
  tell({ kind: 'ready', device });
} else {
  const channel = await transport.connect(parseDeviceId(callee));
  for (let sent = 0; sent < total; sent += MESSAGE_BYTES) {
    if (channel.bufferedAmount >= HIGH_WATER_BYTES) await channel.drained(HIGH_WATER_BYTES / 2);
    channel.send(new Uint8Array(MESSAGE_BYTES).fill(7));
  }
}
