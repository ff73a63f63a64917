import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A restic repository in a local directory. */
export interface Restic {
  readonly version: string;
  backup(tree: string): Promise<void>;
  restore(target: string): Promise<void>;
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
  const restic = async (...args: string[]): Promise<void> => {
    await execute('restic', [
      '--quiet',
      '--no-cache',
      '--repo',
      repository,
      '--password-file',
      passwordFile,
      ...args,
    ]);
  };
  await restic('init');
  return {
    version,
    backup: (tree) => restic('backup', tree),
    restore: (target) => restic('restore', 'latest', '--target', target),
  };
}
