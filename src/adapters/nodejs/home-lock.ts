import { open, readFile, rm, stat } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RoostError } from '../../core/errors.ts';
import { makeFolder } from './make-folder.ts';
import { codeOf, onSystem } from './system-faults.ts';

const LOCK_FILE = 'lock';
/** A lock without a number is being written; after this long its writer has died. */
const HALF_WRITTEN_MS = 5_000;

/** Holds a home for this process. */
export interface HomeLock {
  release(): Promise<void>;
}

/**
 * Takes a home, made when it is missing. The lock of a process that died is taken over.
 * @throws RoostError 'busy' that names the process which holds it
 */
export function lockHome(home: string): Promise<HomeLock> {
  return onSystem('the home folder cannot be used', async () => {
    await makeFolder(home, 0o700);
    const path = join(home, LOCK_FILE);
    for (let attempt = 0; attempt < 5; attempt++) {
      if (await tryToTake(path)) return heldLock(path);
      const holder = await holderOf(path);
      if (holder !== undefined) throw new RoostError('busy', `process ${holder} uses this home`);
      await rm(path, { force: true });
    }
    throw new RoostError('busy', 'other processes fight for this home');
  });
}

async function tryToTake(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(`${process.pid}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function heldLock(path: string): HomeLock {
  const atExit = (): void => rmSync(path, { force: true });
  process.once('exit', atExit);
  return {
    async release(): Promise<void> {
      process.removeListener('exit', atExit);
      await rm(path, { force: true });
    },
  };
}

/** The process that holds the lock; undefined when it has died. */
async function holderOf(path: string): Promise<number | undefined> {
  let text: string;
  let age: number;
  try {
    text = await readFile(path, 'utf8');
    age = Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const holder = /^(\d{1,10})\n$/.exec(text)?.[1];
  if (holder === undefined) {
    if (age > HALF_WRITTEN_MS) return undefined;
    throw new RoostError('busy', 'another process is taking this home');
  }
  return isAlive(Number(holder)) ? Number(holder) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // it lives and is somebody else's
    return codeOf(error) === 'EPERM';
  }
}
