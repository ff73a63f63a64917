// `npm run bench`: measures against references on this machine and writes the tables of docs/performance.md.
// `npm run bench -- kernel` does so for the codec's kernel alone, `npm run bench -- codec` for the codec, `npm run bench -- memory` for
// memory and long tasks, with other sizes of folder in MB when they follow.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compareWithRestic } from './backup-and-restore.ts';
import { compareInChromium } from './chromium.ts';
import { compareCodec } from './codec.ts';
import { compareKernel } from './kernel.ts';
import { betweenMarkers, table } from './measure.ts';
import { measureMemory } from './memory.ts';
import { measureProof } from './proof.ts';
import { compareWithBareChannel } from './transport.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');
const RUNS = 3;
const KERNEL_RUNS = 5;
const CODEC_RUNS = 5;
/** MB */
const MEMORY_SIZES = [1_000, 10_000];

async function measureWhole(): Promise<string> {
  const comparisons = [
    await compareWithBareChannel(RUNS),
    ...(await compareWithRestic(RUNS)),
    ...(await compareInChromium(RUNS)),
  ];
  return `${table(comparisons)}\n\n${await measureProof(RUNS)}`;
}

const PARTS = ['bench', 'kernel', 'codec', 'memory'] as const;
type Part = (typeof PARTS)[number];

async function write(part: Part, figures: string): Promise<void> {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, Node.js ${process.version}`;
  const text = `${figures}\n\nMeasured on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
  console.log(text);
  await writeFile(DOCUMENT, betweenMarkers(await readFile(DOCUMENT, 'utf8'), part, text));
}

const [only, ...sizes] = process.argv.slice(2);
const measure: Record<Part, () => Promise<string>> = {
  kernel: () => compareKernel(KERNEL_RUNS),
  codec: () => compareCodec(CODEC_RUNS),
  memory: () => measureMemory(sizes.length > 0 ? sizes.map(Number) : MEMORY_SIZES),
  bench: measureWhole,
};
const wanted = only === undefined ? PARTS : PARTS.filter((part) => part === only);
if (wanted.length === 0) throw new Error(`no part is called ${String(only)}: there are ${PARTS.join(', ')}`);
for (const part of wanted) await write(part, await measure[part]());
