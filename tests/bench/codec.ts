import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { openCodecPages } from './codec-chromium.ts';
import type { ProcessRun } from './codec-process.ts';
import { median } from './measure.ts';
import { openRestic } from './restic.ts';
import type { Tree } from './trees.ts';
import { makeBigFiles, makeMixedTree } from './trees.ts';

const execute = promisify(execFile);
const MB = 1e6;
const GB = 1e9;

/** Both by bytes of files. */
interface Measured {
  readonly perCpuSecond: number;
  readonly stored: number;
}

/**
 * The codec alone, reading included, and restic writing to a local directory: megabytes of files for each second of the processor, and bytes
 * stored before redundancy.
 * @returns lines of a Markdown table
 */
export async function compareCodec(runs: number): Promise<string> {
  const workspace = await openWorkspace('bench-codec');
  const pages = await openCodecPages();
  try {
    const trees: readonly (readonly [string, Tree])[] = [
      ['big', await makeBigFiles(workspace.path('big'), GB)],
      ['mixed', await makeMixedTree(workspace.path('mixed'), { files: 80_000, bytes: GB })],
    ];
    const lines = [
      '| files | where | restic MB per CPU second | Roost | ratio | restic stores | Roost stores | ratio | runs |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ];
    for (const [name, { files, bytes }] of trees) {
      const tree = workspace.path(name);
      const theirs: Measured[] = [];
      const underNode: Measured[] = [];
      const inChromium: Measured[] = [];
      for (let run = 0; run < runs; run++) {
        underNode.push(measured(await runProcess(tree, workspace.path('compiled'))));
        inChromium.push(measured(await pages.seal(tree)));
        theirs.push(await runRestic(tree, workspace.path(`restic-${name}-${run}`), bytes));
      }
      const what = `${name}: ${files} of ${(bytes / GB).toFixed(2)} GB`;
      for (const [where, ours] of [
        ['Chromium', inChromium],
        ['Node.js', underNode],
      ] as const)
        lines.push(`| ${what} | ${where} | ${cells(theirs, ours)} | ${runs} |`);
    }
    return lines.join('\n');
  } finally {
    pages.close();
    await workspace.close();
  }
}

function cells(theirs: readonly Measured[], ours: readonly Measured[]): string {
  const middle = (what: keyof Measured, runs: readonly Measured[]): number =>
    median(runs.map((one) => one[what]));
  return (['perCpuSecond', 'stored'] as const)
    .map((what) => {
      const [reference, own] = [middle(what, theirs), middle(what, ours)];
      const digits = what === 'stored' ? 3 : 0;
      return `${reference.toFixed(digits)} | ${own.toFixed(digits)} | **${(own / reference).toFixed(2)}**`;
    })
    .join(' | ');
}

function measured({ bytes, stored, cpuSeconds }: ProcessRun): Measured {
  return { perCpuSecond: bytes / MB / cpuSeconds, stored: stored / bytes };
}

/** @param compiled folder of compiled programs, which the command line keeps, too */
async function runProcess(tree: string, compiled: string): Promise<ProcessRun> {
  const script = join(import.meta.dirname, 'codec-process.ts');
  const env = { ...process.env, NODE_COMPILE_CACHE: compiled };
  const { stdout } = await execute(process.execPath, [script, tree], { env });
  return JSON.parse(stdout) as ProcessRun;
}

async function runRestic(tree: string, repository: string, bytes: number): Promise<Measured> {
  const restic = await openRestic(repository);
  if (restic === undefined) throw new Error('restic is not installed: apt-get install restic');
  const cpuSeconds = await restic.backupCpuSeconds(tree);
  return { perCpuSecond: bytes / MB / cpuSeconds, stored: (await restic.storedBytes()) / bytes };
}
