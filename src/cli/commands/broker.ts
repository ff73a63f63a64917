import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBroker } from '../../../signaling/broker.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { aborted } from '../signals.ts';
import { parsePort, stringValue } from '../values.ts';

/** The app as `npm run build` leaves it. */
export const APP_DIRECTORY = fileURLToPath(new URL('../../../dist', import.meta.url));
export const DEFAULT_PORT = 8787;

export const broker: Command = {
  name: 'broker',
  usage: '[--port 8787] [--host ADDRESS] [--data DIR]',
  summary: 'run a broker: introduces members and serves the app',
  options: { port: { type: 'string' }, host: { type: 'string' }, data: { type: 'string' } },
  positionals: [0, 0],
  shareable: false,
  async run({ values, cwd, output, signal }) {
    const portText = stringValue(values, 'port');
    const running = await startBroker({
      port: portText === undefined ? DEFAULT_PORT : parsePort(portText),
      host: stringValue(values, 'host') ?? '127.0.0.1',
      data: resolve(cwd, stringValue(values, 'data') ?? './data/broker'),
      app: APP_DIRECTORY,
    });
    output.result({ event: 'ready', url: running.url }, `The broker is at ${running.url}. Ctrl-C stops it.`);
    await aborted(signal);
    await running.close();
    return EXIT_DONE;
  },
};
