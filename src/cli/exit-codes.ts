import type { Fault } from '../core/errors.ts';

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Done, but some paths could not be read or written. */
export const EXIT_PARTLY = 3;
/** Not enough partners were reachable. */
export const EXIT_TOO_FEW = 4;

/** The exit code that a fault ends a command with. */
export function exitCodeOf(fault: Fault): number {
  switch (fault) {
    case 'usage':
      return EXIT_USAGE;
    case 'too-few':
      return EXIT_TOO_FEW;
    default:
      return EXIT_FAILED;
  }
}
