import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { PACK_TARGET_BYTES } from '../../src/core/limits.ts';
import { CHROMIUM_ARGS, findChromium } from '../tools/chromium.ts';
import { compileIsal, runIsal } from './isal.ts';
import { CODES, measureKernel } from './kernel-work.ts';
import type { Speeds } from './kernel-work.ts';
import { median } from './measure.ts';

/** For each speed of a run; one repetition takes 1 to 5 ms. */
const MEASURE_MS = 150;

/** The kernel in one Chromium worker and in Node.js beside ISA-L, in turn: Markdown tables of medians. */
export async function compareKernel(runs: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'roost-bench-'));
  const program = join(directory, 'isal');
  compileIsal(program);
  const page = await openWorkerPage();
  const all: Record<'isal' | 'chromium' | 'node', Speeds[]> = { isal: [], chromium: [], node: [] };
  try {
    // The first run is for the compilers' sake.
    for (let run = 0; run <= runs; run++) {
      const isal = runIsal(program, PACK_TARGET_BYTES, MEASURE_MS);
      const inChromium = await page.measure(MEASURE_MS);
      const underNode = measureKernel(MEASURE_MS);
      if (run === 0) continue;
      all.isal.push(isal);
      all.chromium.push(inChromium);
      all.node.push(underNode);
    }
  } finally {
    await page.close();
    await rm(directory, { recursive: true });
  }
  return tables(medians(all.isal), medians(all.chromium), medians(all.node));
}

function medians(runs: readonly Speeds[]): Speeds {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? NaN))]));
}

function tables(isal: Speeds, inChromium: Speeds, underNode: Speeds): string {
  const mb = (speed: number | undefined): string => (speed === undefined ? '–' : speed.toFixed(0));
  const codeRows = CODES.flatMap((code) =>
    ['encode', 'reconstruct'].map((work) => {
      const reference = isal[`${code} ${work} avx2`] ?? NaN;
      const ratio = (speed: number | undefined): string =>
        speed === undefined ? '–' : (speed / reference).toFixed(2);
      const kernel = (speeds: Speeds, how: string): string => ratio(speeds[`${code} ${work} ${how}`]);
      return [
        `${code} ${work}`,
        mb(reference),
        ratio(isal[`${code} ${work} avx512`]),
        mb(inChromium[`${code} ${work} relaxed-simd`]),
        `**${kernel(inChromium, 'relaxed-simd')}**`,
        kernel(inChromium, 'codec'),
        kernel(inChromium, 'simd'),
        kernel(inChromium, 'plain'),
        kernel(underNode, 'relaxed-simd'),
        kernel(underNode, 'codec'),
      ];
    }),
  );
  const cutRows = (
    [
      ['Chromium', inChromium],
      ['Node.js', underNode],
    ] as const
  ).map(([name, speeds]) => [
    name,
    mb(speeds['cut plain']),
    mb(speeds['cut relaxed-simd']),
    ((speeds['cut relaxed-simd'] ?? NaN) / (speeds['cut plain'] ?? NaN)).toFixed(2),
  ]);
  return [
    markdown(
      [
        'code',
        'ISA-L AVX2 MB/s',
        'ISA-L AVX-512',
        'Chromium MB/s',
        'Chromium',
        'as the codec calls it',
        'SIMD',
        'plain',
        'Node.js',
        'as the codec calls it',
      ],
      codeRows,
    ),
    markdown(['cutting', 'plain MB/s', 'WebAssembly MB/s', 'ratio'], cutRows),
  ].join('\n\n');
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

interface WorkerPage {
  measure(milliseconds: number): Promise<Speeds>;
  close(): Promise<void>;
}

/** A page with kernel-worker.ts, isolated so that its clock is fine enough. */
async function openWorkerPage(): Promise<WorkerPage> {
  const script = await bundle(join(import.meta.dirname, 'kernel-worker.ts'));
  const server = createServer((request, response) => {
    const isScript = request.url === '/worker.js';
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><title>bench</title>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({ executablePath: await findChromium(), args: [...CHROMIUM_ARGS] });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    measure: (milliseconds) =>
      page.evaluate(
        (given) =>
          new Promise<Speeds>((resolve, reject) => {
            const worker = new Worker('/worker.js');
            worker.onmessage = ({ data }: MessageEvent<Speeds>) => {
              worker.terminate();
              resolve(data);
            };
            worker.onerror = ({ message }) => reject(new Error(message));
            worker.postMessage(given);
          }),
        milliseconds,
      ),
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: { write: false, target: 'es2022', lib: { entry, formats: ['iife'], name: 'bench' } },
  });
  for (const bundled of Array.isArray(built) ? built : [built]) {
    if ('output' in bundled) return bundled.output[0].code;
  }
  throw new Error('the bench worker was not bundled');
}
