// One end of Roost sessions, as a process of its own, introduced by a real broker:
// `node roost-peer.ts BROKER holds BYTES` waits for a partner, takes BYTES of shards and throws them away, or gives what is asked for;
// `node roost-peer.ts BROKER puts|gets BYTES DEVICE…` stores BYTES at each DEVICE, or fetches as much from each, shard by shard.
import { setTimeout } from 'node:timers/promises';
import { openSession } from '../../src/agent/session/open-session.ts';
import type { SessionOptions } from '../../src/agent/session/open-session.ts';
import type { Remote, ShardReceiver } from '../../src/agent/session/types.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { issueCertificate } from '../../src/core/identity/certificate.ts';
import {
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdOfKey,
  packIdFromBytes,
  parseDeviceId,
} from '../../src/core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../src/core/limits.ts';
import type { LedgerRow } from '../../src/core/snapshot/types.ts';
import { RtcTransport } from '../../src/adapters/nodejs/rtc-transport.ts';
import { systemClock } from '../../src/adapters/nodejs/system-clock.ts';
import { systemRandom } from '../../src/adapters/nodejs/system-random.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import { Shelves } from '../unit/session/devices.ts';
import type { Moved } from './stopwatch.ts';
import { Stopwatch } from './stopwatch.ts';

/** A shard of a pack of 8 MiB with six data shards. */
const SHARD_SEGMENTS = 22;
const SHARD_BYTES = SHARD_SEGMENTS * SEALED_SEGMENT_BYTES;
/** A small request is made this long after the last was answered. */
const ASK_PAUSE_MS = 25;
/** Shards under way to one holder, as a backup has them. */
const SHARDS_AT_ONCE = 2;
/** The same bytes again and again, as the bare channel sends them: making them is no part of the transport. */
const SHARD = new Uint8Array(SHARD_BYTES).fill(7);
const SEGMENTS = Array.from({ length: SHARD_SEGMENTS }, (_, index) =>
  SHARD.subarray(index * SEALED_SEGMENT_BYTES, (index + 1) * SEALED_SEGMENT_BYTES),
);
const DAY_MS = 86_400_000;
let over = false;

export type RoostMessage =
  | { readonly kind: 'ready'; readonly device: string }
  /** milliseconds that each small request took while shards were under way */
  | { readonly kind: 'answered'; readonly ms: readonly number[] }
  | Moved;

const [broker = '', does = '', bytes = '0', ...devices] = process.argv.slice(2);
const shards = Math.ceil(Number(bytes) / SHARD_BYTES);
const tell = (message: RoostMessage): void => void process.send?.(message);
const stopwatch = new Stopwatch(shards * SHARD_BYTES * (does === 'gets' ? devices.length : 1), tell);
const agreement = agreementIdFromBytes(new Uint8Array(16).fill(2));

/** Keeps nothing, and has any shard that is asked for. */
class Holder extends Shelves {
  override put(): Promise<ShardReceiver> {
    return Promise.resolve({
      segment: (segment: Bytes) => {
        stopwatch.received(segment.length);
        return Promise.resolve();
      },
      commit: () => Promise.resolve(),
      abort: () => Promise.resolve(),
    });
  }
  override get(
    _peer: unknown,
    _agreement: unknown,
    _row: number,
    _first: number,
    count: number,
  ): Promise<Bytes[]> {
    return Promise.resolve(SEGMENTS.slice(0, count));
  }
}

const suite = createWebCryptoSuite(globalThis.crypto.subtle);
const deviceKey = await suite.generateSigning();
const accountKey = await suite.generateSigning();
const device = deviceIdOfKey(deviceKey.publicKey);
const sign = (message: Bytes): Promise<Bytes> => suite.sign(deviceKey.key, message);
const now = systemClock.now();
const options: SessionOptions = {
  suite,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  identity: {
    certificate: await issueCertificate(
      suite,
      { publicKey: accountKey.publicKey, sign: (message) => suite.sign(accountKey.key, message) },
      { devicePublicKey: deviceKey.publicKey, label: 'bench', madeAt: now, expiresAt: now + DAY_MS },
    ),
    sign,
  },
  cooperatives: [cooperativeIdFromBytes(new Uint8Array(32).fill(1))],
  isMember: () => Promise.resolve(true),
  handler: new Holder(),
};
const transport = new RtcTransport({
  url: broker,
  identity: { device, publicKey: deviceKey.publicKey, sign },
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
});
process.on('disconnect', () => process.exit());

if (does === 'holds') {
  transport.onIncoming((channel) => void openSession(channel, options));
  tell({ kind: 'ready', device });
} else {
  const remotes = await Promise.all(
    devices.map(async (holder) => openSession(await transport.connect(parseDeviceId(holder)), options)),
  );
  const asking = remotes.map(ask);
  await Promise.all(remotes.map(does === 'puts' ? store : fetchAll));
  over = true;
  tell({ kind: 'answered', ms: (await Promise.all(asking)).flat() });
}

/** Asks for what is answered at once, until the transfer is over. */
async function ask(remote: Remote): Promise<number[]> {
  const ms: number[] = [];
  while (!over) {
    const before = performance.now();
    await remote.ledgerDigest(agreement);
    ms.push(performance.now() - before);
    await setTimeout(ASK_PAUSE_MS);
  }
  return ms;
}

/** Puts shard after shard, some at once. */
async function store(remote: Remote): Promise<void> {
  await inTurns((row) => remote.put(agreement, rowOf(row), SHARD));
}

async function fetchAll(remote: Remote): Promise<void> {
  await inTurns(async (row) => {
    for (const segment of await remote.get(agreement, row, 0, SHARD_SEGMENTS))
      stopwatch.received(segment.length);
  });
}

async function inTurns(work: (row: number) => Promise<void>): Promise<void> {
  let next = 1;
  const lane = async (): Promise<void> => {
    while (next <= shards) await work(next++);
  };
  await Promise.all(Array.from({ length: SHARDS_AT_ONCE }, lane));
}

function rowOf(row: number): LedgerRow {
  return {
    row,
    packId: packIdFromBytes(new Uint8Array(16).fill(3)),
    shard: 0,
    bytes: SHARD_BYTES,
    segments: SHARD_SEGMENTS,
    hash: new Uint8Array(32),
  };
}
