import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openEmbeddedEngine } from '../../../signaling/embedded-engine.ts';
import { engineContract } from '../../contracts/engine.ts';

engineContract('the embedded engine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roost-engine-'));
  let now = 0;
  const open = () => openEmbeddedEngine(folder, () => now);
  return {
    engine: open(),
    setNow: (ms) => {
      now = ms;
    },
    reopen: async () => open(),
    cleanUp: () => rm(folder, { recursive: true }),
  };
});

it('does not open the data of a newer version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roost-engine-'));
  const db = new DatabaseSync(join(folder, 'broker.sqlite'));
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => openEmbeddedEngine(folder, () => 0)).toThrow('version 1 or lower, got 99');
  await rm(folder, { recursive: true });
});
