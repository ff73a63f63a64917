import { createJsonLog } from '../adapters/nodejs/json-log.ts';
import type { LogLevel } from '../adapters/nodejs/json-log.ts';
import type { Log } from '../ports/log.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** What a process says to whoever runs it: problems only, or from the level on that ROOST_LOG names. */
export function stderrLog(): Log {
  const chosen = process.env['ROOST_LOG'];
  return createJsonLog(LEVELS.find((level) => level === chosen) ?? 'error');
}
