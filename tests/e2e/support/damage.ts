import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodePlacement } from '../../../src/agent/repository/records.ts';
import type { Placement } from '../../../src/agent/repository/records.ts';

/** One flipped byte in each piece of this size: no segment stays whole. */
const EVERY_BYTES = 16 * 1024;

/** Flips bytes all over the volumes of a home whose process is stopped. @returns how many */
export async function flipVolumeBytes(home: string): Promise<number> {
  let flipped = 0;
  for (const path of await filesNamed(home, /^v\d{8}$/)) {
    const bytes = await readFile(path);
    for (let at = EVERY_BYTES / 2; at < bytes.length; at += EVERY_BYTES) {
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
      flipped++;
    }
    await writeFile(path, bytes);
  }
  return flipped;
}

/** Flips one byte of each value of a table of a home whose process is stopped. @returns how many */
export async function flipStoredValues(home: string, table: string): Promise<number> {
  let flipped = 0;
  await withTable(home, table, (database) => {
    const rows = database.prepare(`SELECT rowid, value FROM "${table}"`).all();
    const update = database.prepare(`UPDATE "${table}" SET value = ? WHERE rowid = ?`);
    for (const { rowid, value } of rows) {
      const bytes = Buffer.from(value as Uint8Array);
      const at = Math.floor(bytes.length * 0.6);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
      update.run(bytes, rowid as number);
      flipped++;
    }
  });
  return flipped;
}

/** Where the owner in a home, whose process is stopped, has its pieces. */
export async function storedPlacements(home: string): Promise<readonly Placement[]> {
  const placements: Placement[] = [];
  await withTable(home, 't_owner-placements', (database) => {
    for (const { value } of database.prepare('SELECT value FROM "t_owner-placements"').all())
      placements.push(decodePlacement(new Uint8Array(value as Uint8Array)));
  });
  return placements;
}

/** Opens each database of a home that has a table. */
async function withTable(home: string, table: string, use: (database: DatabaseSync) => void): Promise<void> {
  for (const path of await filesNamed(home, /\.(sqlite|db)$/)) {
    const database = new DatabaseSync(path);
    try {
      const known = database.prepare('SELECT name FROM sqlite_master WHERE type = ?').all('table');
      if (known.some(({ name }) => name === table)) use(database);
    } finally {
      database.close();
    }
  }
}

async function filesNamed(folder: string, pattern: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
