import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtProgram } from '../../../src/cli/built-program.js';

const HOUR_S = 3_600;
const BUILT_AT_S = 1_800_000_000;

describe('builtProgram', () => {
  let root: string;

  const write = async (path: string, modifiedAt: number): Promise<string> => {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '');
    await utimes(file, modifiedAt, modifiedAt);
    // Folders are as old as what is in them, unless a test says otherwise.
    for (let folder = dirname(file); folder !== root; folder = dirname(folder))
      await utimes(folder, BUILT_AT_S - HOUR_S, BUILT_AT_S - HOUR_S);
    return file;
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'roost-built-'));
  });
  afterEach(async () => rm(root, { recursive: true }));

  it('is there when it is newer than all that it is made of', async () => {
    await write('src/agent/backup/backup.ts', BUILT_AT_S - HOUR_S);
    const program = await write('build/cli/program.js', BUILT_AT_S);
    expect(builtProgram(root)).toBe(program);
  });

  it('is there when the sources are not, as in a package', async () => {
    const program = await write('build/cli/program.js', BUILT_AT_S);
    expect(builtProgram(root)).toBe(program);
  });

  it('is not there when nobody has built it', async () => {
    await write('src/agent/backup/backup.ts', BUILT_AT_S - HOUR_S);
    expect(builtProgram(root)).toBeUndefined();
  });

  it.each([
    'src/agent/backup/backup.ts',
    'src/core/bytes.ts',
    'workers/kernel/loader.ts',
    'package-lock.json',
  ])('is not there when %s has changed since', async (source) => {
    await write('build/cli/program.js', BUILT_AT_S);
    await write(source, BUILT_AT_S + HOUR_S);
    expect(builtProgram(root)).toBeUndefined();
  });

  it('is not there when a source was removed since', async () => {
    await write('build/cli/program.js', BUILT_AT_S);
    await write('src/agent/backup/backup.ts', BUILT_AT_S - HOUR_S);
    await utimes(join(root, 'src/agent/backup'), BUILT_AT_S + HOUR_S, BUILT_AT_S + HOUR_S);
    expect(builtProgram(root)).toBeUndefined();
  });

  it('does not mind what is only in the app', async () => {
    const program = await write('build/cli/program.js', BUILT_AT_S);
    await write('src/app/App.svelte', BUILT_AT_S + HOUR_S);
    expect(builtProgram(root)).toBe(program);
  });
});
