import { getSystemErrorMessage } from 'node:util';
import { RoostError } from '../../core/errors.ts';
import type { Fault } from '../../core/errors.ts';

const FAULTS: Readonly<Record<string, Fault>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EIO: 'corrupt',
  ELOOP: 'refused',
  // A file system that takes no file so large may have room for others.
  EFBIG: 'unsupported',
  EXDEV: 'unsupported',
  ENOSYS: 'unsupported',
  ENOTSUP: 'unsupported',
  ABORT_ERR: 'aborted',
};

/** The code of an error of the operating system, such as 'ENOENT'. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** An error of the operating system as a RoostError; `what` says what was tried. A RoostError stays what it is. */
export function systemFault(error: unknown, what: string): RoostError {
  if (error instanceof RoostError) return error;
  const code = codeOf(error);
  return new RoostError(FAULTS[code ?? ''] ?? 'internal', `${what}: ${reasonOf(error)}`, { cause: error });
}

/** In words where the system has some: 'no such file or directory (ENOENT)'. */
function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const number = error instanceof Error && 'errno' in error ? error.errno : undefined;
  if (code === undefined || typeof number !== 'number') return code ?? 'unknown error';
  // A number of another system has a text that says so.
  return `${getSystemErrorMessage(number)} (${code})`;
}

/** Runs a call of the operating system and turns its error into a RoostError. */
export async function onSystem<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw systemFault(error, what);
  }
}
