import type { Fault } from '../../core/errors.ts';
import { text } from '../text/text.ts';

export interface FaultSentence {
  readonly title: string;
  /** what the person can do now */
  readonly next: string;
}

/** Every fault as a sentence with a next step. Messages of errors are for logs, never for people. */
export function faultSentence(fault: Fault): FaultSentence {
  return text.faults[fault];
}
