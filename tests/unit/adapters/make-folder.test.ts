import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/adapters/nodejs/make-folder.ts';
import { expectFault } from '../../contracts/expect-fault.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roost-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a folder', () => {
  it('is made with those above it, by several at once, with the mode asked for', async () => {
    const path = join(folder, 'a/b/c');
    await Promise.all([
      makeFolder(path, 0o700),
      makeFolder(path, 0o700),
      makeFolder(join(folder, 'a/b'), 0o700),
    ]);
    await makeFolder(path);
    for (const made of ['a', 'a/b', 'a/b/c']) {
      const { mode } = await stat(join(folder, made));
      if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o700);
    }
  });

  it('is refused where a file is in the way', async () => {
    await writeFile(join(folder, 'file'), '');
    await expectFault(makeFolder(join(folder, 'file')), 'usage');
    await expectFault(makeFolder(join(folder, 'file/below')), 'usage');
  });

  it.runIf(process.platform === 'linux')('is refused at once where the system makes none', async () => {
    await expectFault(makeFolder('/proc/nope'), 'denied');
    await expectFault(makeFolder('/proc/nope/below'), 'denied');
  });
});
