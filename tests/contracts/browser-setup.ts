import type { TestProject } from 'vitest/node';
import { startBroker } from '../../signaling/broker.ts';
import type { RunningBroker } from '../../signaling/broker.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** origin of the broker that browser tests dial */
    readonly broker: string;
  }
}

let broker: RunningBroker | undefined;

/** Starts the real broker for the browser tests. */
export async function setup(project: TestProject): Promise<void> {
  const silent = (): void => undefined;
  broker = await startBroker({
    port: 0,
    host: '127.0.0.1',
    dataDir: ':memory:',
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  project.provide('broker', broker.origin);
}

export async function teardown(): Promise<void> {
  await broker?.close();
}
