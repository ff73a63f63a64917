import { RoostError } from '../errors.ts';
import { NAME_MAX_BYTES } from '../limits.ts';
import { utf8Length } from '../utf8.ts';

// C0 and C1 controls and the marks that turn the writing direction: they would let a name disguise itself in a list.
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/**
 * Checks a name that people choose: 1 to NAME_MAX_BYTES of UTF-8, no blanks at its ends, no control characters.
 * @param fault 'usage' for what the user typed, 'malformed' for what came from elsewhere
 */
export function checkName(name: string, what: string, fault: 'usage' | 'malformed'): string {
  const bytes = utf8Length(name);
  if (bytes === 0 || bytes > NAME_MAX_BYTES) {
    throw new RoostError(fault, `${what} must be 1 to ${NAME_MAX_BYTES} bytes, got ${bytes}`);
  }
  if (name !== name.trim() || !name.isWellFormed() || UNSEEN.test(name)) {
    throw new RoostError(
      fault,
      `${what} must have no control characters, and no blanks at its ends, got ${bytes} bytes with some`,
    );
  }
  return name;
}
