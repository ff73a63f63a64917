// The codec without a network, as a process of its own: `node codec-process.ts TREE` tells what it did as JSON.
import { directorySource } from '../../src/adapters/nodejs/source.ts';
import { createCodecPool } from '../../src/adapters/nodejs/codec-pool.ts';
import { createNodeCryptoSuite } from '../../src/adapters/nodejs/crypto-suite.ts';
import { systemRandom } from '../../src/adapters/nodejs/system-random.ts';
import type { CodecRun } from './codec-work.ts';
import { sealFolder } from './codec-work.ts';

export interface ProcessRun extends CodecRun {
  /** of the processor, all threads */
  readonly cpuSeconds: number;
}

const began = process.cpuUsage();
const codec = createCodecPool();
const source = await directorySource(process.argv[2] ?? '.');
const sealed = await sealFolder(source, { codec, suite: createNodeCryptoSuite(), random: systemRandom });
const { user, system } = process.cpuUsage(began);
const run: ProcessRun = { ...sealed, cpuSeconds: (user + system) / 1e6 };
console.log(JSON.stringify(run));
await codec.close();
