import { createServer } from 'node:net';
import { RoostError } from '../../core/errors.ts';

const PORTS_TRIED = 100;

/** The first port from `start` on that nobody listens on. @throws RoostError 'busy' */
export async function firstFreePort(start: number, host: string): Promise<number> {
  for (let port = start; port < start + PORTS_TRIED; port++) {
    if (await isFree(port, host)) return port;
  }
  throw new RoostError(
    'busy',
    `no port from ${start} to ${start + PORTS_TRIED - 1} is free: choose one with --port`,
  );
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
