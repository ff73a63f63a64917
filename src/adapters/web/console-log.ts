import type { Log, LogFields } from '../../ports/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];

export type ConsoleLike = Pick<Console, LogLevel>;

/** Writes events from `least` on to the browser's console. */
export function createConsoleLog(least: LogLevel, out: ConsoleLike = globalThis.console): Log {
  const write =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) out[level](event, fields);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
