import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FileBlobStore } from '../../../src/adapters/nodejs/file-blob-store.ts';
import { SqliteMetaStore } from '../../../src/adapters/nodejs/sqlite-meta-store.ts';
import { expectBytes, patternBytes } from '../../contracts/expect-fault.ts';

const PROGRAM = fileURLToPath(new URL('./store-writer-process.ts', import.meta.url));

/** Runs the writer until it has acknowledged `rows` rows, kills it, and gives the last row it acknowledged. */
async function writeUntilKilled(home: string, rows: number): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    if (text.split('\n').length > rows) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(text.trimEnd().split('\n').at(-1));
}

it('has every acknowledged byte and row after the process was killed', async () => {
  for (const rows of [1, 7, 45, 130]) {
    const home = await mkdtemp(join(tmpdir(), 'roost-test-'));
    const last = await writeUntilKilled(home, rows);
    expect(last).toBeGreaterThanOrEqual(rows - 1);

    const blobs = await FileBlobStore.open(join(home, 'volumes'));
    const meta = new SqliteMetaStore(join(home, 'meta.sqlite'));
    const found = await meta.scan('rows', { limit: 10_000 });
    const count = new TextDecoder().decode(await meta.get('count', 'rows'));
    expect(found.length).toBeGreaterThan(last);
    // the two rows of one batch came together
    expect(Number(count)).toBe(found.length);
    for (const [row, { key, value }] of found.entries()) {
      expect(key).toBe(row.toString().padStart(8, '0'));
      const { volume, offset, length } = JSON.parse(new TextDecoder().decode(value));
      expectBytes(await blobs.read(volume, offset, length), patternBytes(3000 + row, row + 1));
    }
    await blobs.close();
    await meta.close();
    await rm(home, { recursive: true });
  }
});
