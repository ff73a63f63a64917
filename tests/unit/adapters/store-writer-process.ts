// Writes to a blob store and a meta store until it is killed: `node store-writer-process.ts HOME`, started by a test. After
// each row is durable it prints the row's number; what it printed must be there afterwards.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { FileBlobStore } from '../../../src/adapters/nodejs/file-blob-store.ts';
import { SqliteMetaStore } from '../../../src/adapters/nodejs/sqlite-meta-store.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const home = process.argv[2] ?? '';
const blobs = await FileBlobStore.open(join(home, 'volumes'));
const meta = new SqliteMetaStore(join(home, 'meta.sqlite'));

for (let row = 0; ; row++) {
  const volume = `v${Math.floor(row / 20)}`;
  const bytes = patternBytes(3000 + row, row + 1);
  const offset = await blobs.append(volume, bytes);
  await blobs.flush(volume);
  const value = new TextEncoder().encode(JSON.stringify({ volume, offset, length: bytes.length }));
  await meta.write([
    { kind: 'put', table: 'rows', key: row.toString().padStart(8, '0'), value },
    { kind: 'put', table: 'count', key: 'rows', value: new TextEncoder().encode(String(row + 1)) },
  ]);
  // synchronous: an acknowledgement that is still in a buffer was never given
  writeSync(1, `${row}\n`);
}
