import { resolve } from 'node:path';
import { makeFolder } from '../../adapters/nodejs/make-folder.ts';
import { onSystem } from '../../adapters/nodejs/system-faults.ts';
import { RoostError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { builtApp } from '../built-app.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { stderrLog } from '../stderr-log.ts';
import { aborted } from '../signals.ts';
import { parseBroker, parsePort, stringValue, stringValues } from '../values.ts';

export const DEFAULT_PORT = 8787;

export const broker: Command = {
  name: 'broker',
  usage: '[--port 8787] [--host ADDRESS] [--data DIR] [--origin URL]...',
  summary:
    'run a broker: introduces members and serves the app; --origin names it as members reach it through a proxy',
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    data: { type: 'string' },
    origin: { type: 'string', multiple: true },
  },
  positionals: [0, 0],
  shareable: false,
  async run({ values, cwd, output, signal }) {
    const portText = stringValue(values, 'port');
    const appDir = await builtApp();
    const dataDir = resolve(cwd, stringValue(values, 'data') ?? './data/broker');
    await onSystem('the data folder of the broker cannot be used', () => makeFolder(dataDir, 0o700));
    const port = portText === undefined ? DEFAULT_PORT : parsePort(portText);
    // Every command would wait for all that a broker needs.
    const { startBroker } = await import('../../../signaling/broker.ts');
    const running = await startBroker({
      port,
      host: stringValue(values, 'host') ?? '127.0.0.1',
      dataDir,
      ...(appDir === undefined ? {} : { appDir }),
      origin: stringValues(values, 'origin').map(parseBroker),
      log: stderrLog(),
    }).catch((error: unknown) => {
      throw isPortTaken(error)
        ? new RoostError('usage', `port ${port} is taken: choose another with --port`, { cause: error })
        : error;
    });
    if (appDir === undefined)
      output.note('The app is not built ("npm run build"): this broker only introduces.');
    output.result(
      { event: 'ready', url: running.origin, port: running.port },
      `The broker is at ${running.origin}. Ctrl-C stops it.`,
    );
    await aborted(signal);
    await running.close();
    return EXIT_DONE;
  },
};

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
