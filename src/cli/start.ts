// `npm start`: a broker, the app and five partners on this machine, so that one person can try everything at once.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../../signaling/broker.ts';
import { RoostError } from '../core/errors.ts';
import { APP_DIRECTORY } from './built-app.ts';
import { DEFAULT_PORT } from './commands/broker.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { exitWith } from './exit.ts';
import { reportFault } from './faults.ts';
import { createOutput } from './output.ts';
import { aborted, stopSignal } from './signals.ts';
import { stderrLog } from './stderr-log.ts';
import { buildApp, isStale } from './starter/build.ts';
import { startPartner } from './starter/partner-process.ts';
import { firstFreePort } from './starter/ports.ts';
import { parsePort } from './values.ts';

const PARTNERS = 5;
const DATA_DIRECTORY = './data';

const output = createOutput(
  {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: 0,
  },
  false,
  () => performance.now(),
);

async function start(args: string[], signal: AbortSignal): Promise<void> {
  const { host, port } = parseOptions(args);
  if (isStale(APP_DIRECTORY)) {
    output.note('Building the app …');
    await buildApp(signal);
  }
  const data = resolve(DATA_DIRECTORY);
  const fresh = !existsSync(resolve(data, 'starter'));
  const broker = await startBroker({
    port: port ?? (await firstFreePort(DEFAULT_PORT, host)),
    host,
    dataDir: resolve(data, 'broker'),
    appDir: APP_DIRECTORY,
    log: stderrLog(),
  });
  const partners: { stop(): Promise<void> }[] = [];
  try {
    output.note(fresh ? 'Starting a cooperative of five partners …' : 'Starting the five partners …');
    const home = (number: number): string => resolve(data, 'starter', String(number));
    const onGone = (name: string): void =>
      output.note(
        `${name} ended by itself; what it keeps is on the disk. Stop and run npm start again to have it back.`,
      );
    // The first founds the cooperative, or knows its invite from an earlier run; the others join by it.
    const steward = await startPartner({
      home: home(1),
      broker: broker.origin,
      name: 'Starter 1',
      signal,
      onGone,
    });
    partners.push(steward);
    const others = await Promise.all(
      Array.from({ length: PARTNERS - 1 }, (_, at) =>
        startPartner({
          home: home(at + 2),
          broker: broker.origin,
          name: `Starter ${at + 2}`,
          invite: steward.invite,
          signal,
          onGone,
        }),
      ),
    );
    partners.push(...others);
    output.result({}, readyText(broker.origin, steward.invite, data));
    await aborted(signal);
    output.note('Stopping …');
  } finally {
    await Promise.all(partners.map((partner) => partner.stop()));
    await broker.close();
  }
}

function parseOptions(args: string[]): { host: string; port: number | undefined } {
  let values: { host?: string | undefined; port?: string | undefined };
  try {
    ({ values } = parseArgs({ args, options: { host: { type: 'string' }, port: { type: 'string' } } }));
  } catch (error) {
    throw new RoostError('usage', 'npm start takes --port and --host only', { cause: error });
  }
  return {
    host: values.host ?? '127.0.0.1',
    port: values.port === undefined ? undefined : parsePort(values.port),
  };
}

function readyText(url: string, invite: string, data: string): string {
  return [
    '',
    '  Roost runs.',
    '',
    `  Open it           ${url}`,
    `  Invite link       ${invite}`,
    '',
    '  Open the invite link in a browser on this machine to join the cooperative "Starter" and save a folder to its',
    '  five partners. They are all on this computer: safe from mistakes, not from its loss.',
    '',
    `  Data              ${data} (remove it to begin again)`,
    '  Stop              Ctrl-C',
    '',
  ].join('\n');
}

const signal = stopSignal();
let code = EXIT_DONE;
try {
  await start(process.argv.slice(2), signal);
} catch (error) {
  if (!signal.aborted) code = reportFault(output, error);
}
await exitWith(code);
