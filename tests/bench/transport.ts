import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { PeerMessage } from './bare-peer.ts';

const MB = 1e6;

/** Megabytes a second through a bare channel between two processes of this machine. */
export async function bareChannelSpeed(bytes: number): Promise<number> {
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
