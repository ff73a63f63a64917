// Plants each of the bugs in this folder in a copy of the tree and tells the short stories there: they must fail.
//
//   npm run mutants [-- --only 07,12]
//
// A bug is caught when a law does not hold that holds without it, when the stories break off, or when they do not end. Patches
// that do not fit the tree any more are errors: adapt them to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Mutant } from './tree.ts';
import { Tree, allMutants } from './tree.ts';

/** Machines have two cores at least. */
const AT_ONCE = 2;
/** Many times what the stories take without a bug. */
const TIME_LIMIT_MS = 600_000;
const CAUGHT_LEAST_SHARE = 0.95;

interface Run {
  readonly passed: boolean;
  /** what does not hold, or how it ended */
  readonly reason: string;
  /** stories in which something did not hold */
  readonly failing: readonly string[];
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });

function tell(tree: Tree, options: readonly string[]): Promise<Run> {
  const program = join(tree.root, 'tests/sim/stories-main.ts');
  const child = spawn(process.execPath, [program, '--short', '--out', join(tree.root, 'plots'), ...options], {
    cwd: tree.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT_MS,
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const lines = output.split('\n');
      const story = (at: number): string =>
        lines
          .slice(0, at)
          .findLast((line) => /^\[.*\]$/.test(line))
          ?.slice(1, -1) ?? '';
      const broken = lines.flatMap((line, at) =>
        line.startsWith('  - ') ? [{ story: story(at), line }] : [],
      );
      const thrown = /^\w*Error: .*$/m.exec(errors)?.[0] ?? `ended with ${code ?? 0}`;
      const [first] = broken;
      const ended = signal === null ? thrown : 'does not end';
      resolve({
        passed: code === 0,
        reason: first === undefined ? ended : `${first.story}: ${first.line.slice(4)}`,
        failing: [...new Set(broken.map((one) => one.story))],
      });
    });
  });
}

async function withTree<T>(use: (tree: Tree) => Promise<T>): Promise<T> {
  const tree = new Tree();
  try {
    return await use(tree);
  } finally {
    tree.remove();
  }
}

/** What fails without any bug can catch none. */
async function failingAnyway(): Promise<readonly string[]> {
  const { passed, failing, reason } = await withTree((tree) => tell(tree, []));
  if (!passed && failing.length === 0) throw new Error(`the stories break off without any bug: ${reason}`);
  return failing;
}

async function main(): Promise<number> {
  const only = values.only?.split(',');
  const mutants = allMutants().filter(
    ({ name }) => only?.some((number) => name.startsWith(number)) !== false,
  );
  const useless = await failingAnyway();
  if (useless.length > 0) console.log(`Left out, because they fail without any bug: ${useless.join(', ')}`);
  const options = ['--bail', ...useless.flatMap((name) => ['--except', name])];
  const missed: Mutant[] = [];
  const waiting = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const planted = mutant;
      const { passed, reason } = await withTree((tree) => {
        tree.plant(planted);
        return tell(tree, options);
      });
      if (passed) missed.push(planted);
      console.log(
        `${passed ? 'MISSED' : 'caught'}  ${planted.name}\n        ${planted.bug}${passed ? '' : `\n        → ${reason}`}`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`${mutants.length - missed.length} caught, ${missed.length} missed`);
  return missed.length > (1 - CAUGHT_LEAST_SHARE) * mutants.length ? 1 : 0;
}

process.exitCode = await main();
