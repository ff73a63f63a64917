import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { FileBlobStore } from '../../../src/adapters/nodejs/file-blob-store.ts';
import { FileKeyVault } from '../../../src/adapters/nodejs/file-key-vault.ts';
import { directorySink } from '../../../src/adapters/nodejs/sink.ts';
import { directorySource } from '../../../src/adapters/nodejs/source.ts';
import { SqliteMetaStore } from '../../../src/adapters/nodejs/sqlite-meta-store.ts';
import { systemClock } from '../../../src/adapters/nodejs/system-clock.ts';
import { systemRandom } from '../../../src/adapters/nodejs/system-random.ts';
import { blobStoreContract } from '../../contracts/blob-store.ts';
import { clockContract } from '../../contracts/clock.ts';
import { keyVaultContract } from '../../contracts/key-vault.ts';
import { metaStoreContract } from '../../contracts/meta-store.ts';
import { randomContract } from '../../contracts/random.ts';
import type { WrittenEntry } from '../../contracts/sink.ts';
import { sinkContract } from '../../contracts/sink.ts';
import { CONTRACT_FILES, sourceContract } from '../../contracts/source.ts';

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'roost-test-'));
const removal = (folder: string) => (): Promise<void> => rm(folder, { recursive: true, force: true });

blobStoreContract('FileBlobStore', async () => {
  const home = await temporaryFolder();
  const open = (): Promise<FileBlobStore> => FileBlobStore.open(join(home, 'volumes'));
  return { store: await open(), reopen: open, cleanUp: removal(home) };
});

metaStoreContract('SqliteMetaStore', async () => {
  const home = await temporaryFolder();
  const open = (): SqliteMetaStore => new SqliteMetaStore(join(home, 'meta.sqlite'));
  return { store: open(), reopen: async () => open(), cleanUp: removal(home) };
});

keyVaultContract('FileKeyVault', async () => {
  const home = await temporaryFolder();
  const suite = createWebCryptoSuite(globalThis.crypto.subtle);
  const open = (): FileKeyVault => new FileKeyVault(join(home, 'keys', 'keys.json'), suite);
  return { vault: open(), suite, reopen: async () => open(), cleanUp: removal(home) };
});

clockContract('systemClock', async () => ({ clock: systemClock }));
randomContract('systemRandom', () => systemRandom);

sourceContract('directorySource', async () => {
  const home = await temporaryFolder();
  const root = join(home, 'root');
  for (const { path, bytes } of CONTRACT_FILES) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return {
    source: await directorySource(root),
    change: (path, bytes) => writeFile(join(root, path), bytes),
    remove: (path) => rm(join(root, path)),
    abortController: () => systemClock.abortController(),
    cleanUp: removal(home),
  };
});

async function look(root: string, path = ''): Promise<[string, WrittenEntry][]> {
  const found: [string, WrittenEntry][] = [];
  for (const name of await readdir(join(root, path))) {
    const own = path === '' ? name : `${path}/${name}`;
    const place = join(root, own);
    const stat = await lstat(place, { bigint: true });
    const both = { mtimeNs: stat.mtimeNs, mode: Number(stat.mode & 0o7777n) };
    if (stat.isSymbolicLink()) found.push([own, { kind: 'link', target: await readlink(place) }]);
    else if (stat.isDirectory()) {
      found.push([own, { kind: 'folder', ...both }], ...(await look(root, own)));
    } else found.push([own, { kind: 'file', bytes: Uint8Array.from(await readFile(place)), ...both }]);
  }
  return found;
}

sinkContract(
  'directorySink',
  async () => {
    const home = await temporaryFolder();
    const target = join(home, 'target');
    return {
      sink: await directorySink(target),
      again: () => directorySink(target),
      written: async () => {
        const outside = (await readdir(home)).filter((name) => name !== 'target');
        return new Map([
          ...(await look(target)),
          ...outside.map((name): [string, WrittenEntry] => [`../${name}`, { kind: 'file' }]),
        ]);
      },
      cleanUp: removal(home),
    };
  },
  // the system takes times as floating point seconds: about a quarter of a microsecond
  { links: true, mtimeStepNs: 1000n, modes: true },
);
