// `npm run bench`: measures against references on this machine and writes the tables of docs/performance.md.
// `npm run bench -- kernel` does so for the codec's kernel alone, `npm run bench -- codec` for the codec.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compareWithRestic } from './backup-and-restore.ts';
import { compareInChromium } from './chromium.ts';
import { compareCodec } from './codec.ts';
import { compareKernel } from './kernel.ts';
import { betweenMarkers, table } from './measure.ts';
import { measureProof } from './proof.ts';
import { compareWithBareChannel } from './transport.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');
const RUNS = 3;
const KERNEL_RUNS = 5;
const CODEC_RUNS = 5;

async function measureWhole(): Promise<string> {
  const comparisons = [
    ...(await compareWithBareChannel(RUNS)),
    ...(await compareWithRestic(RUNS)),
    ...(await compareInChromium(RUNS)),
  ];
  return `${table(comparisons)}\n\n${await measureProof(RUNS)}`;
}

async function write(part: 'bench' | 'kernel' | 'codec', figures: string): Promise<void> {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, Node.js ${process.version}`;
  const text = `${figures}\n\nMeasured on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
  console.log(text);
  await writeFile(DOCUMENT, betweenMarkers(await readFile(DOCUMENT, 'utf8'), part, text));
}

const only = process.argv[2];
if (only !== undefined && only !== 'kernel' && only !== 'codec')
  throw new Error(`no part is called ${only}: there are kernel and codec`);
if (only !== 'codec') await write('kernel', await compareKernel(KERNEL_RUNS));
if (only !== 'kernel') await write('codec', await compareCodec(CODEC_RUNS));
if (only === undefined) await write('bench', await measureWhole());
