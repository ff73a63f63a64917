import type { Fault } from '../../core/errors.ts';
import { RoostError, messageOf } from '../../core/errors.ts';

const FAULTS: Readonly<Record<string, Fault>> = {
  QuotaExceededError: 'full',
  NotFoundError: 'not-found',
  // A File whose content changed since it was picked.
  NotReadableError: 'corrupt',
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  TypeMismatchError: 'refused',
  NoModificationAllowedError: 'busy',
  AbortError: 'aborted',
  TimeoutError: 'timeout',
};

/** The RoostError for what a browser interface threw; RoostErrors stay as they are. */
export function browserFault(what: string, error: unknown): RoostError {
  if (error instanceof RoostError) return error;
  const name = error instanceof Error ? error.name : '';
  return new RoostError(FAULTS[name] ?? 'internal', `${what}: ${messageOf(error)}`, { cause: error });
}
