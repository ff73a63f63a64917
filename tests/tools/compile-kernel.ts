import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(import.meta.dirname, '../..');
const SOURCE = 'workers/kernel/assembly/kernel.ts';
// As a program, not as a module: its types declare the language's own Map and Array for whoever imports them.
const COMPILER = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));

const OPTIONS = [
  '--optimizeLevel=3',
  '--noAssert',
  '--runtime=stub',
  '--importMemory',
  '--noExportMemory',
  '--enable=simd',
];

/** @returns the module in base64 */
function compile(...options: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'roost-kernel-'));
  try {
    const out = join(directory, 'kernel.wasm');
    execFileSync(process.execPath, [COMPILER, SOURCE, `--outFile=${out}`, ...OPTIONS, ...options], {
      cwd: ROOT,
    });
    return readFileSync(out, 'base64');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The text of workers/kernel/compiled.ts, made from workers/kernel/assembly. */
export function compiledKernel(): string {
  return [
    '// Made by `npm run kernel` from workers/kernel/assembly with AssemblyScript: not to be edited. Each is a WebAssembly module in base64.',
    '',
    `export const RELAXED_SIMD =\n  '${compile('--enable=relaxed-simd')}';`,
    '',
    `export const SIMD =\n  '${compile()}';`,
    '',
  ].join('\n');
}
