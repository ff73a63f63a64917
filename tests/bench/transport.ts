import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startBroker } from '../../signaling/broker.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import type { BareMessage } from './bare-peer.ts';
import type { Comparison } from './measure.ts';
import type { RoostMessage } from './roost-peer.ts';
import type { Moved } from './stopwatch.ts';
import { speedOf } from './stopwatch.ts';

const TRANSFER_BYTES = 192 * 1024 * 1024;
const HOLDERS = 6;

/** Shards through Roost's sessions against messages through bare channels, between as many processes, in turn. */
export async function compareWithBareChannel(runs: number): Promise<Comparison[]> {
  const reference = 'bare node-datachannel';
  const rows = [
    { what: 'one stream, Node.js to Node.js', does: 'puts', holders: 1 },
    { what: 'to six holders at once', does: 'puts', holders: HOLDERS },
    { what: 'from one holder', does: 'gets', holders: 1 },
    { what: 'from six holders at once', does: 'gets', holders: HOLDERS },
  ] as const;
  const comparisons: Comparison[] = [];
  for (const { what, does, holders } of rows) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < runs; run++) {
      ours.push(await roostSpeed(does, holders, TRANSFER_BYTES / holders));
      theirs.push(await bareSpeed(does, holders, TRANSFER_BYTES / holders));
    }
    comparisons.push({ what, reference, ours, theirs });
  }
  return comparisons;
}

/** Megabytes a second through bare channels between one process and `holders` others. */
export async function bareSpeed(does: 'puts' | 'gets', holders: number, bytes: number): Promise<number> {
  const script = join(import.meta.dirname, 'bare-peer.ts');
  const [one, many] = does === 'puts' ? ['sends', 'receives'] : ['receives', 'sends'];
  const owner = fork(script, [one, `${bytes}`, `${holders}`]);
  const others = Array.from({ length: holders }, () => fork(script, [many, `${bytes}`, '1']));
  const peers = [owner, ...others];
  try {
    return await outcome<BareMessage>(peers, does === 'puts' ? holders : 1, (from, message) => {
      if (message.kind === 'moved') return;
      const index = others.indexOf(from);
      if (index === -1) others[message.peer]?.send({ ...message, peer: 0 });
      else owner.send({ ...message, peer: index });
    });
  } finally {
    for (const peer of peers) peer.disconnect();
  }
}

/** Megabytes a second through Roost's sessions between one process and `holders` others, introduced by a real broker. */
export async function roostSpeed(does: 'puts' | 'gets', holders: number, bytes: number): Promise<number> {
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: ':memory:', log: silentLog });
  const script = join(import.meta.dirname, 'roost-peer.ts');
  const url = `http://127.0.0.1:${broker.port}`;
  const peers = Array.from({ length: holders }, () => fork(script, [url, 'holds', `${bytes}`]));
  try {
    const devices = await Promise.all(peers.map(readyDevice));
    peers.push(fork(script, [url, does, `${bytes}`, ...devices]));
    return await outcome<RoostMessage>(peers, does === 'puts' ? holders : 1);
  } finally {
    for (const peer of peers) peer.disconnect();
    await broker.close();
  }
}

function readyDevice(peer: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    peer.once('message', (message: RoostMessage) => {
      if (message.kind === 'ready') resolve(message.device);
    });
  });
}

/** The speed when so many processes have told what they moved. Rejects when one ends before. */
function outcome<Message extends { readonly kind: string }>(
  peers: readonly ChildProcess[],
  receivers: number,
  onMessage: (from: ChildProcess, message: Message | Moved) => void = () => undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const moved: Moved[] = [];
    for (const peer of peers) {
      peer.on('message', (message: Message | Moved) => {
        onMessage(peer, message);
        if (message.kind === 'moved' && moved.push(message as Moved) === receivers) resolve(speedOf(moved));
      });
      peer.on('error', reject);
      peer.on('exit', (code) => reject(new Error(`a peer ended with ${String(code)}`)));
    }
  });
}
