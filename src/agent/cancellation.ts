import { RoostError } from '../core/errors.ts';
import type { AbortSignalLike } from '../core/progress.ts';

/** @throws RoostError 'aborted' when the signal has fired */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw new RoostError('aborted', 'stopped on request');
}

/** Rejects with 'aborted' as soon as the signal fires, whatever becomes of the task. */
export async function abortable<T>(task: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal === undefined) return task;
  throwIfAborted(signal);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(new RoostError('aborted', 'stopped on request'));
    };
    signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([task, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
