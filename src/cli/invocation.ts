import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { RoostError, messageOf } from '../core/errors.ts';
import type { Command, Values } from './command.ts';
import { COMMANDS } from './commands.ts';
import { stringValue } from './values.ts';

const GLOBAL_OPTIONS = {
  home: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** A command line, understood. */
export interface Request {
  readonly command: Command;
  readonly values: Values;
  readonly positionals: readonly string[];
  readonly home: string;
  readonly homeGiven: boolean;
  readonly json: boolean;
}

/** Whether --json was asked for, also on a command line that is wrong. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

/**
 * @param args the command line after `roost`
 * @returns 'help' or 'version' when that was asked for
 * @throws RoostError 'usage'
 */
export function parseCommandLine(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Request | 'help' | 'version' {
  const { name, rest } = splitCommand(args);
  if (name === undefined || name === 'help') return 'help';
  if (name === 'version') return 'version';
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new RoostError('usage', `there is no command "${name}"`);

  const { values, positionals } = parse(command, rest);
  if (values['help'] === true) return 'help';
  const [least, most] = command.positionals;
  if (positionals.length < least || positionals.length > most) {
    throw new RoostError(
      'usage',
      `${name} takes ${argumentCount(least, most)}, got ${positionals.length}: roost ${name} ${command.usage}`.trimEnd(),
    );
  }
  const given = stringValue(values, 'home') ?? env['ROOST_HOME'];
  return {
    command,
    values,
    positionals,
    home: resolve(cwd, given ?? join(homedir(), '.roost')),
    homeGiven: given !== undefined,
    json: values['json'] === true,
  };
}

/** The command's name is the first argument that is neither a global option nor its value. */
function splitCommand(args: readonly string[]): { name: string | undefined; rest: readonly string[] } {
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    if (argument === '--home') at++;
    else if (argument === '--help' || argument === '-h') return { name: 'help', rest: [] };
    else if (argument === '--version') return { name: 'version', rest: [] };
    else if (!argument.startsWith('-')) {
      return { name: argument, rest: [...args.slice(0, at), ...args.slice(at + 1)] };
    }
  }
  return { name: undefined, rest: args };
}

function parse(
  command: Command,
  args: readonly string[],
): { values: Values; positionals: readonly string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: { ...command.options, ...GLOBAL_OPTIONS },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new RoostError('usage', messageOf(error), { cause: error });
  }
}

function argumentCount(least: number, most: number): string {
  if (most === 0) return 'no argument';
  if (least === most) return least === 1 ? 'one argument' : `${least} arguments`;
  if (most === Infinity) return `at least ${least === 1 ? 'one argument' : `${least} arguments`}`;
  return `${least} to ${most} arguments`;
}
