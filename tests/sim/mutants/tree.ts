import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(FOLDER, '../../..');
/** What a run of the stories needs. */
const COPIED = ['src', 'tests/sim', 'package.json'];

/** A bug that is planted on purpose. */
export interface Mutant {
  /** as `07-losses-not-told` */
  readonly name: string;
  /** one sentence: the first line of its patch */
  readonly bug: string;
  readonly patch: string;
}

export function allMutants(): readonly Mutant[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => {
      const patch = join(FOLDER, file);
      const [bug = ''] = readFileSync(patch, 'utf8').split('\n');
      return { name: file.slice(0, -'.patch'.length), bug, patch };
    });
}

/** A copy of the tree that may be spoiled. */
export class Tree {
  readonly root: string;

  constructor() {
    this.root = mkdtempSync(join(tmpdir(), 'roost-mutant-'));
    for (const path of COPIED) cpSync(join(ROOT, path), join(this.root, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
  }

  /** @throws when the patch does not fit the tree */
  plant({ patch }: Mutant): void {
    execFileSync('git', ['apply', '--recount', patch], { cwd: this.root, stdio: 'pipe' });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
