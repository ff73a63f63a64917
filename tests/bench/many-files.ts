import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { finished } from '../e2e/support/roost.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { seconds } from './measure.ts';
import { MemoryWatch } from './process-memory.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.js');
const HOLDERS = 3;
const FILES_A_FOLDER = 500;
/** MB of JavaScript heap that the program may take: with less than it needs, it fails. */
const HEAP_MB = 1_024;

interface Step {
  readonly took: number;
  readonly peak: number;
}

/** Saves, saves again, browses and restores a folder of trees of so many files, within a heap of 1 GB. @returns lines of a Markdown table */
export async function measureManyFiles(counts: readonly number[]): Promise<string> {
  const rows: string[] = [];
  for (const count of counts) {
    const workspace = await openWorkspace('bench-many');
    try {
      const tree = workspace.path('tree');
      makeTree(tree, count);
      const { owner } = await startCooperative(workspace, HOLDERS);
      const run = (...args: string[]): Promise<Step> => measured(owner.home, args);
      const folder = 'tree/7';
      const first = await run('backup', tree);
      const again = await run('backup', tree);
      const browse = await run('ls', 'latest', folder);
      const restore = await run('restore', 'latest', '--to', workspace.path('target'), '--path', folder);
      const cell = ({ took, peak }: Step): string => `${took.toFixed(1)} s, ${Math.round(peak)} MB`;
      rows.push(
        `| ${count.toLocaleString('en')} | ${[first, again, browse, restore].map(cell).join(' | ')} |`,
      );
    } finally {
      await workspace.close();
    }
  }
  return [
    `| files | first backup | unchanged | list a folder | restore a folder of ${FILES_A_FOLDER} |`,
    '| ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function makeTree(root: string, count: number): void {
  for (let folder = 0; folder * FILES_A_FOLDER < count; folder++) {
    mkdirSync(join(root, String(folder)), { recursive: true });
    const files = Math.min(FILES_A_FOLDER, count - folder * FILES_A_FOLDER);
    for (let file = 0; file < files; file++) {
      const content = `content ${folder * FILES_A_FOLDER + file}\n`;
      writeFileSync(join(root, String(folder), `file-${file}.txt`), content);
    }
  }
}

async function measured(home: string, args: readonly string[]): Promise<Step> {
  const options = [`--max-old-space-size=${HEAP_MB}`, MAIN, ...args, '--json', '--home', home];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const watch = new MemoryWatch(async () => (child.pid === undefined ? [] : [child.pid]));
  const took = await seconds(async () => {
    const { code, last, stderr } = await finished(child);
    if (code !== 0)
      throw new Error(
        `roost ${args.join(' ')} ended with ${String(code)}: ${JSON.stringify(last)} ${stderr.slice(-2000)}`,
      );
  });
  return { took, peak: watch.stop() };
}
