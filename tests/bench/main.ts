// `npm run bench`: measures against references on this machine and writes the table of docs/performance.md.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compareWithRestic } from './backup-and-restore.ts';
import { compareInChromium } from './chromium.ts';
import { betweenMarkers, table } from './measure.ts';
import { measureProof } from './proof.ts';
import { compareWithBareChannel } from './transport.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');
const RUNS = 3;

const comparisons = [
  await compareWithBareChannel(RUNS),
  ...(await compareWithRestic(RUNS)),
  ...(await compareInChromium(RUNS)),
];
const proof = await measureProof(RUNS);
const processors = cpus();
const machine = `${processors.length} × ${processors[0]?.model ?? 'unknown processor'}, ${process.platform}, Node.js ${process.version}`;
const text = `${table(comparisons)}\n\n${proof}\n\nMeasured on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
console.log(text);
await writeFile(DOCUMENT, betweenMarkers(await readFile(DOCUMENT, 'utf8'), text));
