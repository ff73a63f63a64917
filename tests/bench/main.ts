// `npm run bench`: measures against references on this machine and writes the tables of docs/performance.md.
// `npm run bench -- NAME` does so for one of the parts below alone; `memory`, `files` and `one-file` take other sizes after the name.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compareWithRestic } from './backup-and-restore.ts';
import { compareInChromium } from './chromium.ts';
import { measureChunkIndex } from './chunk-lookups.ts';
import { compareCodec } from './codec.ts';
import { compareKernel } from './kernel.ts';
import { measureManyFiles } from './many-files.ts';
import { betweenMarkers, table } from './measure.ts';
import { measureMemory } from './memory.ts';
import { measureOneFile } from './one-file.ts';
import { measureProof } from './proof.ts';
import { measureStages } from './stages.ts';
import { compareWithBareChannel, requestTable } from './transport.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');
const RUNS = 3;
const KERNEL_RUNS = 5;
const CODEC_RUNS = 5;
const TRANSPORT_RUNS = 5;
const CHUNK_RUNS = 5;
/** MB of a folder */
const MEMORY_SIZES = [1_000, 10_000];
/** files of a tree */
const TREE_SIZES = [10_000, 100_000, 1_000_000];
/** MB of the backup that one file is taken from */
const ONE_FILE_MB = 1_000;

const [only, ...given] = process.argv.slice(2);
const sizes = (usual: readonly number[]): readonly number[] => (given.length > 0 ? given.map(Number) : usual);

/** Each part has its place in the document, between markers of its name. */
const PARTS: Readonly<Record<string, () => Promise<string>>> = {
  kernel: () => compareKernel(KERNEL_RUNS),
  codec: () => compareCodec(CODEC_RUNS),
  transport: async () => {
    const figures = await compareWithBareChannel(TRANSPORT_RUNS);
    return `${table(figures.comparisons)}\n\n${requestTable(figures)}`;
  },
  backup: async () => table(await compareWithRestic(RUNS)),
  chromium: async () => table(await compareInChromium(RUNS)),
  stages: measureStages,
  proof: () => measureProof(RUNS),
  chunks: () => measureChunkIndex(CHUNK_RUNS),
  memory: () => measureMemory(sizes(MEMORY_SIZES)),
  files: () => measureManyFiles(sizes(TREE_SIZES)),
  'one-file': () => measureOneFile(sizes([ONE_FILE_MB])[0] ?? ONE_FILE_MB),
};

async function write(part: string, figures: string): Promise<void> {
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, Node.js ${process.version}`;
  const text = `${figures}\n\nMeasured on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
  console.log(text);
  await writeFile(DOCUMENT, betweenMarkers(await readFile(DOCUMENT, 'utf8'), part, text));
}

if (only !== undefined && !(only in PARTS))
  throw new Error(`no part is called ${only}: there are ${Object.keys(PARTS).join(', ')}`);
for (const [part, measure] of Object.entries(PARTS))
  if (only === undefined || only === part) await write(part, await measure());
