import { deleteDB } from 'idb';
import { describe, expect, it } from 'vitest';
import { IdbKeyVault } from '../../src/adapters/web/idb-key-vault.ts';
import { IdbMetaStore } from '../../src/adapters/web/idb-meta-store.ts';
import { OpfsBlobStore } from '../../src/adapters/web/opfs-blob-store.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { blobStoreContract } from './blob-store.ts';
import { uniqueName } from './browser/private-folder.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';
import { CONTRACT_SECRETS, keyVaultContract } from './key-vault.ts';
import { metaStoreContract } from './meta-store.ts';

const suite = createWebCryptoSuite(crypto.subtle);

async function removeFolder(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(name, { recursive: true });
}

blobStoreContract('the private file system', async () => {
  const folder = uniqueName('volumes');
  return {
    store: new OpfsBlobStore(folder),
    reopen: async () => new OpfsBlobStore(folder),
    cleanUp: () => removeFolder(folder),
  };
});

metaStoreContract('IndexedDB', async () => {
  const name = uniqueName('rows');
  return {
    store: await IdbMetaStore.open(name),
    reopen: () => IdbMetaStore.open(name),
    cleanUp: () => deleteDB(name),
  };
});

keyVaultContract('the vault in IndexedDB', async () => {
  const name = uniqueName('keys');
  const vaults: IdbKeyVault[] = [];
  const open = async (): Promise<IdbKeyVault> => {
    const vault = await IdbKeyVault.open(name, suite);
    vaults.push(vault);
    return vault;
  };
  return {
    vault: await open(),
    suite,
    reopen: open,
    cleanUp: async () => {
      for (const vault of vaults) vault.close();
      await deleteDB(name);
    },
  };
});

describe('volumes in the private file system', () => {
  it('keep every byte when more are used than may be open at once', async () => {
    const folder = uniqueName('many');
    const store = new OpfsBlobStore(folder);
    const names = Array.from({ length: 40 }, (_, index) => `v${index}`);
    await Promise.all(names.map((name, index) => store.append(name, patternBytes(1000, index + 1))));
    await Promise.all(names.map((name) => store.flush(name)));
    for (const [index, name] of names.entries()) {
      expectBytes(await store.read(name, 0, 1000), patternBytes(1000, index + 1));
    }
    expect((await store.list()).length).toBe(40);
    await store.close();
    await removeFolder(folder);
  });

  it('leave the bytes of the caller alone', async () => {
    const folder = uniqueName('copy');
    const store = new OpfsBlobStore(folder);
    const given = patternBytes(1000);
    await store.append('v1', given);
    expect(given.length).toBe(1000);
    await store.close();
    await removeFolder(folder);
  });

  it('refuse every call after close', async () => {
    const store = new OpfsBlobStore(uniqueName('closed'));
    await store.close();
    await expectFault(store.list(), 'usage');
  });
});

describe('rows in IndexedDB', () => {
  it('are refused with a reason once another tab deletes the database', async () => {
    const name = uniqueName('deleted');
    const store = await IdbMetaStore.open(name);
    await deleteDB(name);
    await expectFault(store.get('first', 'a'), 'busy');
    await expectFault(
      store.write([{ kind: 'put', table: 'first', key: 'a', value: new Uint8Array(1) }]),
      'busy',
    );
    await store.close();
  });

  it('show a read every write that was called before it', async () => {
    const name = uniqueName('order');
    const store = await IdbMetaStore.open(name);
    const writes: Promise<void>[] = [];
    for (let i = 0; i < 50; i++) {
      writes.push(store.write([{ kind: 'put', table: 'first', key: 'a', value: new Uint8Array([i]) }]));
      if (i % 10 === 9) expect(await store.get('first', 'a')).toEqual(new Uint8Array([i]));
    }
    await Promise.all(writes);
    await store.close();
    await deleteDB(name);
  });
});

describe('keys in IndexedDB', () => {
  it('cannot be read out', async () => {
    const name = uniqueName('sealed');
    const vault = await IdbKeyVault.open(name, suite);
    const { signing, content, chunkId, shard, head } = await vault.saveAccount(CONTRACT_SECRETS);
    const { key } = await vault.deviceKey();
    for (const handle of [signing, content, chunkId, shard, head, key]) {
      const cryptoKey = handle as unknown as CryptoKey;
      expect(cryptoKey).toBeInstanceOf(CryptoKey);
      expect(cryptoKey.extractable).toBe(false);
    }
    vault.close();
    await deleteDB(name);
  });
});
