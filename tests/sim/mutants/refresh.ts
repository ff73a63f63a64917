// Writes the patches of this folder anew after the tree has moved under them:
//
//   node tests/sim/mutants/refresh.ts
//
// A patch whose place is not found any more is named and left as it is: plant its bug by hand.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Tree, allMutants } from './tree.ts';

/** Of a patch's context no line must be as it was: only the lines that it takes away. */
const CONTEXT_LINES = 0;

const FILE = /^\+\+\+ b\/(\S+)/gm;

let lost = 0;
for (const mutant of allMutants()) {
  const tree = new Tree();
  const files = [...readFileSync(mutant.patch, 'utf8').matchAll(FILE)].map(([, file]) => file!);
  for (const file of files) {
    for (const side of ['a', 'b']) {
      mkdirSync(join(tree.root, side, dirname(file)), { recursive: true });
      copyFileSync(join(tree.root, file), join(tree.root, side, file));
    }
  }
  const planted = spawnSync('git', ['apply', '--recount', `-C${CONTEXT_LINES}`, mutant.patch], {
    cwd: join(tree.root, 'b'),
    encoding: 'utf8',
  });
  if (planted.status === 0) {
    const parts = files.map((file) => {
      const compared = ['diff', '--no-index', '--no-prefix', '-U1', `a/${file}`, `b/${file}`];
      const { stdout } = spawnSync('git', compared, { cwd: tree.root, encoding: 'utf8' });
      return stdout.slice(stdout.indexOf('--- '));
    });
    writeFileSync(mutant.patch, `${mutant.bug}\n\n${parts.join('')}`);
  } else {
    lost++;
    console.log(`${mutant.name} finds its place no more: ${planted.stderr.trim()}`);
  }
  rmSync(tree.root, { recursive: true });
}
console.log(lost === 0 ? 'All patches fit the tree' : `${lost} patches must be planted by hand`);
process.exitCode = lost === 0 ? 0 : 1;
