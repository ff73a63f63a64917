import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Speeds } from './kernel-work.ts';

const HEADER = '/usr/include/isa-l/erasure_code.h';
const SOURCE = join(import.meta.dirname, 'isal.c');

/** Compiles isal.c. As root it installs the compiler and the library where they are missing. */
export function compileIsal(program: string): void {
  if (!existsSync(HEADER) || !existsSync('/usr/bin/gcc')) {
    if (process.getuid?.() !== 0) throw new Error('apt-get install gcc libc6-dev libisal-dev');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const packages = ['gcc', 'libc6-dev', 'libisal-dev'];
    execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
  }
  execFileSync('gcc', ['-O2', '-o', program, SOURCE, '-lisal'], { stdio: 'inherit' });
}

/** One run of all kernels that the processor has. */
export function runIsal(program: string, packBytes: number, milliseconds: number): Speeds {
  const output = execFileSync(program, [String(packBytes), String(milliseconds / 1000)], {
    encoding: 'utf8',
  });
  const speeds: Record<string, number> = {};
  for (const line of output.trim().split('\n')) {
    const [code, work, kernel, speed] = line.split(' ');
    speeds[`${code ?? ''} ${work ?? ''} ${kernel ?? ''}`] = Number(speed);
  }
  return speeds;
}
