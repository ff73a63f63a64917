import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A restic repository in a local directory. */
export interface Restic {
  readonly version: string;
  backup(tree: string): Promise<void>;
  restore(target: string): Promise<void>;
  /** Backs up. @returns seconds of the processor that it took */
  backupCpuSeconds(tree: string): Promise<number>;
  /** Bytes of its packs. */
  storedBytes(): Promise<number>;
}

/** @returns undefined when restic is not installed */
export async function openRestic(repository: string): Promise<Restic | undefined> {
  let version: string;
  try {
    version = (await execute('restic', ['version'])).stdout.split(' ').slice(0, 2).join(' ');
  } catch {
    return undefined;
  }
  const passwordFile = `${repository}.password`;
  await writeFile(passwordFile, 'bench\n');
  const options = ['--quiet', '--no-cache', '--repo', repository, '--password-file', passwordFile];
  const restic = async (...args: string[]): Promise<void> => {
    await execute('restic', [...options, ...args]);
  };
  await restic('init');
  return {
    version,
    backup: (tree) => restic('backup', tree),
    restore: (target) => restic('restore', 'latest', '--target', target),
    async backupCpuSeconds(tree) {
      // The shell tells what its children took, on any machine.
      const command = '"$0" "$@" && times';
      const { stdout } = await execute('bash', ['-c', command, 'restic', ...options, 'backup', tree]);
      return readTimes(stdout);
    },
    async storedBytes() {
      const { stdout } = await execute('du', ['-sb', join(repository, 'data')]);
      return Number.parseInt(stdout, 10);
    },
  };
}

/** `times` of a shell: user and system time of itself, then of its children, as 0m1.234s. */
function readTimes(text: string): number {
  const times = [...text.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds),
  );
  if (times.length !== 4) throw new Error(`four times were expected, got ${text}`);
  return times[2]! + times[3]!;
}
