import { faultOf, messageOf } from '../core/errors.ts';
import { exitCodeOf } from './exit-codes.ts';
import { printable } from './format.ts';
import { nextStep } from './next-steps.ts';
import type { Output } from './output.ts';

/** Tells a fault and what to do about it. @returns the exit code */
export function reportFault(output: Output, error: unknown): number {
  const fault = faultOf(error);
  const message = messageOf(error);
  const next = nextStep(fault);
  if (output.json) output.result({ event: 'fault', fault, message, next }, '');
  else output.note(`roost: ${printable(message)}\n${next}`);
  return exitCodeOf(fault);
}
