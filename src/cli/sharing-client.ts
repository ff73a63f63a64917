import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { RoostError } from '../core/errors.ts';
import type { Streams } from './output.ts';
import { parseReply, socketPath } from './sharing-protocol.ts';
import type { SharedCall } from './sharing-protocol.ts';

/**
 * Has the process that serves this home do a command.
 *
 * @returns its exit code, undefined when no process serves the home
 * @throws RoostError 'busy' when that process ended in the middle of it
 */
export async function forward(
  home: string,
  call: SharedCall,
  streams: Streams,
  signal: AbortSignal,
): Promise<number | undefined> {
  const path = socketPath(home);
  const socket = path === undefined ? undefined : await reach(path);
  if (socket === undefined) return undefined;

  const cancel = (): void => void socket.end();
  signal.addEventListener('abort', cancel, { once: true });
  // A lost connection shows as the end of the lines.
  socket.on('error', () => undefined);
  try {
    socket.write(`${JSON.stringify(call)}\n`);
    for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
      const reply = parseReply(line);
      if (reply === undefined)
        throw new RoostError('malformed', 'the serving process sent a line that is no reply');
      if (reply.kind === 'exit') return reply.code;
      if (reply.kind === 'out') streams.out(reply.text);
      else streams.err(reply.text);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
  if (signal.aborted) throw new RoostError('aborted', 'stopped');
  throw new RoostError('busy', 'the process that serves this home ended before the command was done');
}

function reach(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    // No socket, or one that a killed process left behind.
    socket.once('error', () => resolve(undefined));
  });
}
