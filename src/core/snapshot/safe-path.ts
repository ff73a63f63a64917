import { RoostError } from '../errors.ts';
import { FILE_NAME_MAX_BYTES, PATH_MAX_DEPTH } from '../limits.ts';
import { isTreeName } from './tree.ts';

/**
 * Names in a snapshot are untrusted: whoever has the words, or a device of the account that was taken over, wrote them. Nothing
 * that passes here leaves the folder it is joined to. Two rules, because what is a plain name here is a separator there:
 * - 'posix' for POSIX file systems and memory: anything but '', '.', '..', '/' and NUL;
 * - 'portable' for all else: no '\' and no control characters either.
 */
export type NameRule = 'posix' | 'portable';

/** C0 and C1 controls and DEL. */
const CONTROL = /\p{Cc}/u;

/**
 * The parts of a path relative to the target, none of them able to leave it.
 * @throws RoostError 'refused'
 */
export function safeParts(path: string, rule: NameRule = 'portable'): readonly string[] {
  const parts = path.split('/');
  if (parts.length > PATH_MAX_DEPTH) {
    throw new RoostError('refused', `a path must have at most ${PATH_MAX_DEPTH} parts, got ${parts.length}`);
  }
  parts.forEach((part, index) => checkName(part, index + 1, rule));
  return parts;
}

/** Whether a single name may be used as one part of a path. */
export function isSafeName(name: string, rule: NameRule = 'portable'): boolean {
  return isTreeName(name) && (rule === 'posix' || !(name.includes('\\') || CONTROL.test(name)));
}

function checkName(name: string, position: number, rule: NameRule): void {
  if (isSafeName(name, rule)) return;
  const what =
    name === '' || name === '.' || name === '..' ? `"${name}"` : `a name of ${name.length} characters`;
  throw new RoostError(
    'refused',
    `part ${position} of the path must be a plain name of at most ${FILE_NAME_MAX_BYTES} bytes, got ${what}`,
  );
}

/** CON, PRN, AUX, NUL, COM1 … LPT9 are devices in every folder of Windows, with any extension, in any case. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=$|[. ])/iu;
const FORBIDDEN_ON_WINDOWS = /[<>:"/\\|?*\p{Cc}]/gu;
const LOOKS_ESCAPED = /%(?=[0-9A-F]{2})/giu;

/**
 * A name that Windows and unpackers of ZIP files take, the same one where it is harmless already. Other names are escaped as in
 * links (`a:b` gives `a%3Ab`, `CON` gives `%43ON`, `x.` gives `x%2E`), so no two names of a folder become one.
 */
export function portableName(name: string): string {
  let safe = name.replace(LOOKS_ESCAPED, '%25').replace(FORBIDDEN_ON_WINDOWS, escaped);
  safe = safe.replace(/[. ]$/u, escaped);
  if (DEVICE_NAME.test(safe)) safe = escaped(safe.charAt(0)) + safe.slice(1);
  return safe;
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
