import { join } from 'node:path';
import { modifiedAt, newestBelow } from './modified.js';

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
