import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startBroker } from '../../signaling/broker.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import type { BareMessage } from './bare-peer.ts';
import type { Comparison } from './measure.ts';
import { median } from './measure.ts';
import type { RoostMessage } from './roost-peer.ts';
import type { Moved } from './stopwatch.ts';
import { speedOf } from './stopwatch.ts';

/** The first quarter is not counted (stopwatch.ts). */
const TRANSFER_BYTES = 512 * 1024 * 1024;
const HOLDERS = 6;
const ROWS = [
  { what: 'one stream, Node.js to Node.js', does: 'puts', holders: 1 },
  { what: 'to six holders at once', does: 'puts', holders: HOLDERS },
  { what: 'one stream back', does: 'gets', holders: 1 },
  { what: 'from six holders at once', does: 'gets', holders: HOLDERS },
] as const;

export interface TransportFigures {
  readonly comparisons: readonly Comparison[];
  /** milliseconds of each small request during each row's transfers */
  readonly requests: readonly { readonly what: string; readonly ms: readonly number[] }[];
}

/** Shards through Roost's sessions against messages through bare channels, between as many processes, in turn. */
export async function compareWithBareChannel(runs: number): Promise<TransportFigures> {
  const comparisons: Comparison[] = [];
  const requests: { what: string; ms: number[] }[] = [];
  for (const { what, does, holders } of ROWS) {
    const ours: number[] = [];
    const theirs: number[] = [];
    const ms: number[] = [];
    for (let run = 0; run < runs; run++) {
      const measured = await roostSpeed(does, holders, TRANSFER_BYTES / holders);
      ours.push(measured.speed);
      ms.push(...measured.ms);
      theirs.push(await bareSpeed(does, holders, TRANSFER_BYTES / holders));
    }
    comparisons.push({ what, reference: 'bare node-datachannel', ours, theirs });
    requests.push({ what, ms });
  }
  return { comparisons, requests };
}

/** A Markdown table of the small requests. */
export function requestTable({ requests }: TransportFigures): string {
  return [
    '| a small request during | median ms | 95 of 100 within ms | requests |',
    '| --- | ---: | ---: | ---: |',
    ...requests.map(({ what, ms }) => {
      const most = [...ms].sort((a, b) => a - b)[Math.floor(ms.length * 0.95)] ?? NaN;
      return `| ${what} | ${median(ms).toFixed(0)} | ${most.toFixed(0)} | ${ms.length} |`;
    }),
  ].join('\n');
}

/** Megabytes a second through bare channels between one process and `holders` others. */
async function bareSpeed(does: 'puts' | 'gets', holders: number, bytes: number): Promise<number> {
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

interface Measured {
  /** megabytes a second */
  readonly speed: number;
  /** milliseconds of each small request that was made meanwhile */
  readonly ms: readonly number[];
}

/** Megabytes a second through Roost's sessions between one process and `holders` others, introduced by a real broker. */
async function roostSpeed(does: 'puts' | 'gets', holders: number, bytes: number): Promise<Measured> {
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: ':memory:', log: silentLog });
  const script = join(import.meta.dirname, 'roost-peer.ts');
  const url = `http://127.0.0.1:${broker.port}`;
  const peers = Array.from({ length: holders }, () => fork(script, [url, 'holds', `${bytes}`]));
  try {
    const devices = await Promise.all(peers.map(readyDevice));
    peers.push(fork(script, [url, does, `${bytes}`, ...devices]));
    const ms: number[] = [];
    const answered = new Promise<void>((resolve) => {
      peers.at(-1)?.on('message', (message: RoostMessage) => {
        if (message.kind !== 'answered') return;
        ms.push(...message.ms);
        resolve();
      });
    });
    const speed = await outcome<RoostMessage>(peers, does === 'puts' ? holders : 1);
    await answered;
    return { speed, ms };
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
