import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startBroker } from '../../signaling/broker.ts';
import type { RunningBroker } from '../../signaling/broker.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** origin of the broker that browser tests dial */
    readonly broker: string;
    /** origin of one that tests may stop and start: GET `<brokerControl>/stop` and `/start` */
    readonly mortalBroker: string;
    readonly brokerControl: string;
  }
}

const HOST = '127.0.0.1';

function start(port: number): Promise<RunningBroker> {
  const silent = (): void => undefined;
  return startBroker({
    port,
    host: HOST,
    dataDir: ':memory:',
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

let broker: RunningBroker | undefined;
let mortal: RunningBroker | undefined;
let control: Server | undefined;

/** Starts the real broker for the browser tests, and one that they may stop. */
export async function setup(project: TestProject): Promise<void> {
  broker = await start(0);
  mortal = await start(0);
  const { port } = mortal;
  const command = async (path: string | undefined): Promise<void> => {
    if (path === '/stop') {
      await mortal?.close();
      mortal = undefined;
    } else if (path === '/start') mortal ??= await start(port);
  };
  control = createServer((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    command(request.url).then(
      () => response.end('done'),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  control.listen(0, HOST, () => resolve(undefined));
  await promise;
  project.provide('broker', broker.origin);
  project.provide('mortalBroker', mortal.origin);
  project.provide('brokerControl', `http://${HOST}:${(control.address() as AddressInfo).port}`);
}

export async function teardown(): Promise<void> {
  control?.close();
  control?.closeAllConnections();
  await mortal?.close();
  await broker?.close();
}
