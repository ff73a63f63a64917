import { resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { systemFault } from '../adapters/nodejs/system-faults.ts';
import { RoostError } from '../core/errors.ts';
import { GIB, KIB, MIB } from '../core/limits.ts';
import type { Values } from './command.ts';

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: KIB,
  kib: KIB,
  kb: 1e3,
  m: MIB,
  mib: MIB,
  mb: 1e6,
  g: GIB,
  gib: GIB,
  gb: 1e9,
  t: 1024 * GIB,
  tib: 1024 * GIB,
  tb: 1e12,
};

/** '10GiB', '500 MB', '1048576' in bytes. @throws RoostError 'usage' */
export function parseSize(option: string, value: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(value);
  const unit = match && SIZE_UNITS[(match[2] ?? '').toLowerCase()];
  const bytes = Math.floor(Number(match?.[1]) * (unit ?? NaN));
  if (!Number.isSafeInteger(bytes)) {
    throw new RoostError('usage', `--${option} must be a size such as 10GiB, got "${value}"`);
  }
  return bytes;
}

/** A whole number from `least` on. @throws RoostError 'usage' */
export function parseCount(option: string, value: string, least: number): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least)) {
    throw new RoostError('usage', `--${option} must be a whole number from ${least} on, got "${value}"`);
  }
  return number;
}

/** A TCP port, 0 for any free one. @throws RoostError 'usage' */
export function parsePort(value: string): number {
  const port = parseCount('port', value, 0);
  if (port > 65_535) throw new RoostError('usage', `--port must be at most 65535, got ${port}`);
  return port;
}

/** An http or https address without path. @throws RoostError 'usage' */
export function parseBroker(value: string): string {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new RoostError(
      'usage',
      `the broker must be an address such as https://roost.example, got "${value}"`,
    );
  }
  return url.origin;
}

export function stringValue(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function stringValues(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** The value of an option that a command cannot do without. @throws RoostError 'usage' */
export function requiredValue(values: Values, name: string): string {
  const value = stringValue(values, name);
  if (value === undefined) throw new RoostError('usage', `--${name} is missing`);
  return value;
}

/** Recovery words out of a file, or out of standard input for '-'. Their number and spelling is the agent's to judge. */
export async function readWords(cwd: string, file: string): Promise<string> {
  const content = file === '-' ? await text(process.stdin) : await readTextFile(cwd, 'words-file', file);
  return content.trim().split(/\s+/).join(' ');
}

/** @throws RoostError 'usage' when it cannot be read */
export async function readTextFile(cwd: string, option: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), 'utf8');
  } catch (error) {
    const { message } = systemFault(error, `--${option} ${file} cannot be read`);
    throw new RoostError('usage', message, { cause: error });
  }
}
