import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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
  for (const path of await filesNamed(home, /\.(sqlite|db)$/)) {
    const database = new DatabaseSync(path);
    try {
      const known = database.prepare('SELECT name FROM sqlite_master WHERE type = ?').all('table');
      if (!known.some(({ name }) => name === table)) continue;
      const rows = database.prepare(`SELECT rowid, value FROM "${table}"`).all();
      const update = database.prepare(`UPDATE "${table}" SET value = ? WHERE rowid = ?`);
      for (const { rowid, value } of rows) {
        const bytes = Buffer.from(value as Uint8Array);
        const at = Math.floor(bytes.length * 0.6);
        bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
        update.run(bytes, rowid as number);
        flipped++;
      }
    } finally {
      database.close();
    }
  }
  return flipped;
}

async function filesNamed(folder: string, pattern: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
