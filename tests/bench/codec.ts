import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openWorkspace } from '../e2e/support/workspace.ts';
import type { CodecRun } from './codec-process.ts';
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
  try {
    const trees: readonly (readonly [string, Tree])[] = [
      ['big', await makeBigFiles(workspace.path('big'), GB)],
      ['mixed', await makeMixedTree(workspace.path('mixed'), { files: 80_000, bytes: GB })],
    ];
    const lines = [
      '| files | restic MB per CPU second | Roost | ratio | restic stores | Roost stores | ratio | runs |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ];
    for (const [name, { files, bytes }] of trees) {
      const ours: Measured[] = [];
      const theirs: Measured[] = [];
      for (let run = 0; run < runs; run++) {
        ours.push(await runCodec(workspace.path(name)));
        theirs.push(await runRestic(workspace.path(name), workspace.path(`restic-${name}-${run}`), bytes));
      }
      const of = (what: keyof Measured, measured: readonly Measured[]): number =>
        median(measured.map((one) => one[what]));
      const speeds = [of('perCpuSecond', theirs), of('perCpuSecond', ours)] as const;
      const stored = [of('stored', theirs), of('stored', ours)] as const;
      const what = `${name}: ${files} of ${(bytes / GB).toFixed(2)} GB`;
      lines.push(
        `| ${what} | ${speeds[0].toFixed(0)} | ${speeds[1].toFixed(0)} | **${(speeds[1] / speeds[0]).toFixed(2)}** | ` +
          `${stored[0].toFixed(3)} | ${stored[1].toFixed(3)} | **${(stored[1] / stored[0]).toFixed(2)}** | ${runs} |`,
      );
    }
    return lines.join('\n');
  } finally {
    await workspace.close();
  }
}

async function runCodec(tree: string): Promise<Measured> {
  const script = join(import.meta.dirname, 'codec-process.ts');
  const { stdout } = await execute(process.execPath, [script, tree]);
  const { bytes, stored, cpuSeconds } = JSON.parse(stdout) as CodecRun;
  return { perCpuSecond: bytes / MB / cpuSeconds, stored: stored / bytes };
}

async function runRestic(tree: string, repository: string, bytes: number): Promise<Measured> {
  const restic = await openRestic(repository);
  if (restic === undefined) throw new Error('restic is not installed: apt-get install restic');
  const cpuSeconds = await restic.backupCpuSeconds(tree);
  return { perCpuSecond: bytes / MB / cpuSeconds, stored: (await restic.storedBytes()) / bytes };
}
