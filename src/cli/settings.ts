import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../adapters/nodejs/make-folder.ts';
import { codeOf } from '../adapters/nodejs/system-faults.ts';
import { RoostError } from '../core/errors.ts';
import { parseBroker } from './values.ts';

/** What the command line keeps in a home beside the agent's own state. */
export interface Settings {
  /** origin of the broker */
  readonly broker: string;
}

export const DEFAULT_BROKER = 'http://localhost:8787';

const fileOf = (home: string): string => join(home, 'settings.json');

/** The settings of a home; undefined when it has none. @throws RoostError 'corrupt' */
export async function loadSettings(home: string): Promise<Settings | undefined> {
  let text: string;
  try {
    text = await readFile(fileOf(home), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ENOTDIR')
      throw new RoostError('usage', `the home ${home} must be a folder, got a file`, { cause: error });
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (
      typeof value === 'object' &&
      value !== null &&
      'broker' in value &&
      typeof value.broker === 'string'
    ) {
      return { broker: parseBroker(value.broker) };
    }
  } catch (error) {
    throw new RoostError('corrupt', `${fileOf(home)} is no settings file`, { cause: error });
  }
  throw new RoostError('corrupt', `${fileOf(home)} names no broker`);
}

export async function saveSettings(home: string, settings: Settings): Promise<void> {
  await makeFolder(home, 0o700);
  const temporary = `${fileOf(home)}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(settings, undefined, 2)}\n`, { mode: 0o600, flush: true });
  await rename(temporary, fileOf(home));
}
