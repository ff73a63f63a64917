import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What the built program is made of. */
const SOURCES = [
  'package.json',
  'package-lock.json',
  'signaling',
  'src/adapters/nodejs',
  'src/adapters/websocket',
  'src/agent',
  'src/cli',
  'src/core',
  'src/ports',
  'vite.config.ts',
  'workers/kernel',
];

/**
 * The command line as `npm run build` leaves it; undefined when it is not built, or any of its sources is newer.
 * @param {string} [root] folder of the project
 * @returns {string | undefined} path of its program
 */
export function builtProgram(root = ROOT) {
  const program = join(root, 'build/cli/program.js');
  const built = modifiedAt(program);
  return built > 0 && SOURCES.every((source) => newestBelow(join(root, source)) <= built)
    ? program
    : undefined;
}

/**
 * The newest modification of a file or of anything in a folder.
 * @param {string} path
 * @returns {number} milliseconds since 1970; 0 when it is not there
 */
function newestBelow(path) {
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
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
