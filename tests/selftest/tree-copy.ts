import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');

const COPIED = [
  'src',
  'workers',
  'signaling',
  'tests',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.core.json',
  'tsconfig.web.json',
  'tsconfig.worker.json',
  'tsconfig.node.json',
  'tsconfig.tests.json',
  'eslint.config.js',
  'svelte.config.js',
  'vite.config.ts',
  'vitest.config.ts',
  '.dependency-cruiser.mjs',
];

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the working tree in which faults may be planted. */
export class TreeCopy {
  readonly path: string;

  constructor() {
    this.path = realpathSync(mkdtempSync(join(tmpdir(), 'roost-selftest-')));
    for (const name of COPIED) {
      const from = join(ROOT, name);
      if (existsSync(from)) cpSync(from, join(this.path, name), { recursive: true });
    }
    symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(this.path, 'node_modules'));
  }

  plant(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** Runs a Node.js program inside the copy, whatever its exit code. */
  async run(script: string, ...args: string[]): Promise<ToolResult> {
    // A tool started by a test is not itself under test.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$)/.test(name)),
    );
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, ...args], {
        cwd: this.path,
        env: { ...env, NO_COLOR: '1' },
        maxBuffer: 256 * 1024 * 1024,
      });
      return { exitCode: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: unknown; stdout: string; stderr: string };
      if (typeof code !== 'number') throw error;
      return { exitCode: code, stdout, stderr };
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
