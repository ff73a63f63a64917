import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The newest modification of a file or of anything in a folder.
 * @param {string} path
 * @returns {number} milliseconds since 1970; 0 when it is not there
 */
export function newestBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  const names = found?.isDirectory() === true ? readdirSync(path, { recursive: true }) : [];
  return names.reduce(
    (newest, name) => Math.max(newest, modifiedAt(join(path, String(name)))),
    found?.mtimeMs ?? 0,
  );
}

/**
 * @param {string} path
 * @returns {number} milliseconds since 1970; 0 when it is not there
 */
export function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
