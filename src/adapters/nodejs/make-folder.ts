import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RoostError } from '../../core/errors.ts';
import { codeOf } from './system-faults.ts';

/**
 * Makes a folder and those above it that are missing. Not by `mkdir` with `recursive`: that never ends where nothing can be made, as below
 * /proc (Node.js 20 to 24).
 * @throws RoostError 'usage' when a file is in the way, 'denied' where the system makes no folder; or an error of the system
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  await makeFolder(parent, mode);
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    // Somebody else has made it meanwhile.
    if (codeOf(error) === 'EEXIST' && (await isFolder(folder))) return;
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new RoostError('denied', `no folder can be made in ${parent}`, { cause: error });
  }
}

/** @throws RoostError 'usage' when it is there and no folder */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    if (codeOf(error) !== 'ENOTDIR') throw error;
    throw new RoostError('usage', `${path} must be a folder, got a file above it`, { cause: error });
  }
  throw new RoostError('usage', `${path} must be a folder, got a file`);
}
