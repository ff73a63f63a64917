// `npm run bench`: measures against references on this machine and writes the tables of docs/performance.md.
// `npm run bench -- kernel` does so for the codec's kernel alone, `-- codec` for the codec, `-- transport` for the transport.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compareWithRestic } from './backup-and-restore.ts';
import { compareInChromium } from './chromium.ts';
import { compareCodec } from './codec.ts';
import { compareKernel } from './kernel.ts';
import { betweenMarkers, table } from './measure.ts';
import { measureProof } from './proof.ts';
import type { TransportFigures } from './transport.ts';
import { compareWithBareChannel, requestTable } from './transport.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');
const RUNS = 3;
const KERNEL_RUNS = 5;
const CODEC_RUNS = 5;
const TRANSPORT_RUNS = 5;

const PARTS = ['kernel', 'codec', 'transport'] as const;
type Part = (typeof PARTS)[number];

async function measureWhole(): Promise<string> {
  const comparisons = [...(await compareWithRestic(RUNS)), ...(await compareInChromium(RUNS))];
  return `${table(comparisons)}\n\n${await measureProof(RUNS)}`;
}

const transportTables = (figures: TransportFigures): string =>
  `${table(figures.comparisons)}\n\n${requestTable(figures)}`;

async function write(part: Part | 'bench', figures: string): Promise<void> {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, Node.js ${process.version}`;
  const text = `${figures}\n\nMeasured on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
  console.log(text);
  await writeFile(DOCUMENT, betweenMarkers(await readFile(DOCUMENT, 'utf8'), part, text));
}

const given = process.argv[2];
const only = PARTS.find((part) => part === given);
if (given !== undefined && only === undefined)
  throw new Error(`no part is called ${given}: there are ${PARTS.join(', ')}`);
const wanted = (part: Part): boolean => only === undefined || only === part;
if (wanted('kernel')) await write('kernel', await compareKernel(KERNEL_RUNS));
if (wanted('codec')) await write('codec', await compareCodec(CODEC_RUNS));
if (wanted('transport'))
  await write('transport', transportTables(await compareWithBareChannel(TRANSPORT_RUNS)));
if (only === undefined) await write('bench', await measureWhole());
