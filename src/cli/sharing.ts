import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { AgentApi } from '../agent/api.ts';
import { RoostError } from '../core/errors.ts';
import { run } from './run.ts';
import { CALL_MAX_BYTES, parseCall, socketPath } from './sharing-protocol.ts';
import type { SharedCall, SharedReply } from './sharing-protocol.ts';

/** The socket of a home that is being served. */
export interface Sharing {
  close(): Promise<void>;
}

/**
 * Lets other processes of this user give commands to the agent that serves a home. Nobody else can: the home is readable
 * by its user alone, and so is the socket.
 */
export async function shareHome(home: string, agent: AgentApi, signal: AbortSignal): Promise<Sharing> {
  const path = socketPath(home);
  if (path === undefined) return { close: () => Promise.resolve() };
  // The home is ours (its lock is held), so a socket that is there was left by a killed process.
  await rm(path, { force: true });

  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
    takeCall(socket, (call) => void answer(socket, call, home, agent, signal));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.end();
      }),
  };
}

/** Reads the one line that a caller sends. */
function takeCall(socket: Socket, handler: (call: SharedCall) => void): void {
  const decoder = new StringDecoder('utf8');
  let text = '';
  const onData = (data: Buffer): void => {
    text += decoder.write(data);
    const end = text.indexOf('\n');
    if (end === -1 && text.length <= CALL_MAX_BYTES) return;
    socket.off('data', onData);
    socket.resume();
    const call = end === -1 ? undefined : parseCall(text.slice(0, end));
    if (call === undefined) socket.destroy();
    else handler(call);
  };
  socket.on('data', onData);
}

async function answer(
  socket: Socket,
  call: SharedCall,
  home: string,
  agent: AgentApi,
  serving: AbortSignal,
): Promise<void> {
  const controller = new AbortController();
  const cancel = (): void => controller.abort();
  socket.once('end', cancel);
  socket.once('close', cancel);
  serving.addEventListener('abort', cancel, { once: true });
  const reply = (message: SharedReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  const code = await run({
    args: ['--home', home, ...call.args],
    cwd: call.cwd,
    env: {},
    streams: {
      out: (text) => reply({ kind: 'out', text }),
      err: (text) => reply({ kind: 'err', text }),
      columns: call.columns,
    },
    signal: controller.signal,
    // This agent is connected already, whatever the command asks for.
    agents: {
      use: (_home, work) => work(agent),
      share: () => Promise.reject(new RoostError('usage', 'this home is shared already')),
    },
    shared: true,
  });
  serving.removeEventListener('abort', cancel);
  reply({ kind: 'exit', code });
  socket.end();
}
