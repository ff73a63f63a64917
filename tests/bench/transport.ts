import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { startBroker } from '../../signaling/broker.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import type { PeerMessage } from './bare-peer.ts';
import type { Comparison } from './measure.ts';
import type { RoostPeerMessage } from './roost-peer.ts';

const MB = 1e6;
const TRANSFER_BYTES = 256 * 1024 * 1024;

/** One stream of bytes between two processes, through Roost's transport and through a bare channel, in turn. */
export async function compareWithBareChannel(runs: number): Promise<Comparison> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run++) {
    ours.push(await roostChannelSpeed(TRANSFER_BYTES));
    theirs.push(await bareChannelSpeed(TRANSFER_BYTES));
  }
  return { what: 'one stream, Node.js to Node.js', reference: 'bare node-datachannel', ours, theirs };
}

/** Megabytes a second through a bare channel between two processes of this machine. */
async function bareChannelSpeed(bytes: number): Promise<number> {
  const script = join(import.meta.dirname, 'bare-peer.ts');
  const receiver = fork(script, ['receives', String(bytes)]);
  const sender = fork(script, ['sends', String(bytes)]);
  try {
    return await new Promise<number>((resolve, reject) => {
      const relay = (from: ChildProcess, to: ChildProcess): void => {
        from.on('message', (message: PeerMessage) => {
          if (message.kind === 'received') resolve(bytes / MB / message.seconds);
          else to.send(message);
        });
        from.on('error', reject);
        from.on('exit', (code) => reject(new Error(`a peer ended with ${String(code)}`)));
      };
      relay(sender, receiver);
      relay(receiver, sender);
    });
  } finally {
    sender.disconnect();
    receiver.disconnect();
  }
}

/** Megabytes a second through Roost's transport, introduced by a real broker. */
async function roostChannelSpeed(bytes: number): Promise<number> {
  const broker = await startBroker({ port: 0, host: '127.0.0.1', dataDir: ':memory:', log: silentLog });
  const script = join(import.meta.dirname, 'roost-peer.ts');
  const url = `http://127.0.0.1:${broker.port}`;
  const peers = [fork(script, [url, String(bytes)])];
  try {
    return await new Promise<number>((resolve, reject) => {
      peers[0]?.on('message', (message: RoostPeerMessage) => {
        if (message.kind === 'received') resolve(bytes / MB / message.seconds);
        else peers.push(fork(script, [url, String(bytes), message.device]));
      });
      for (const peer of peers)
        peer.on('exit', (code) => reject(new Error(`a peer ended with ${String(code)}`)));
    });
  } finally {
    for (const peer of peers) peer.disconnect();
    await broker.close();
  }
}
