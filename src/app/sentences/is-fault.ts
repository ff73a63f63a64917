import type { Fault } from '../../core/errors.ts';
import { text } from '../text/text.ts';

/** Whether a value that came as plain data is the name of a fault. */
export function isFault(value: unknown): value is Fault {
  return typeof value === 'string' && Object.hasOwn(text.faults, value);
}
