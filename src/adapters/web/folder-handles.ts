import { browserFault } from './browser-fault.ts';
import type { AskableHandle } from './file-system-access.ts';
import { DatabaseHolder } from './idb-database.ts';

const STORE = 'folders';

/** A directory handle and the name that its folder is saved under. */
export interface KeptHandle {
  readonly name: string;
  readonly handle: FileSystemDirectoryHandle;
}

/** Directory handles that the browser keeps over reloads, one for each name of a folder. */
export class FolderHandles {
  readonly #database: DatabaseHolder;

  private constructor(database: DatabaseHolder) {
    this.#database = database;
  }

  /** @throws RoostError 'denied' where the browser refuses storage */
  static async open(name: string): Promise<FolderHandles> {
    return new FolderHandles(await DatabaseHolder.open(name, STORE));
  }

  async all(): Promise<readonly KeptHandle[]> {
    return this.#run('reading the folders', async () => {
      const { store } = this.#database.get().transaction(STORE);
      const [names, handles] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return handles.map((handle: FileSystemDirectoryHandle, at) => ({ name: names[at] as string, handle }));
    });
  }

  /** The name that this very folder is kept under. */
  async nameOf(handle: FileSystemDirectoryHandle): Promise<string | undefined> {
    for (const kept of await this.all()) if (await kept.handle.isSameEntry(handle)) return kept.name;
    return undefined;
  }

  /** Replaces the handle of the same name. */
  async keep({ name, handle }: KeptHandle): Promise<void> {
    await this.#run('keeping a folder', () => this.#database.get().put(STORE, handle, name));
  }

  async forget(name: string): Promise<void> {
    await this.#run('forgetting a folder', () => this.#database.get().delete(STORE, name));
  }

  close(): void {
    this.#database.close();
  }

  async #run<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw browserFault(what, error);
    }
  }
}

/** Whether a kept handle opens without asking. */
export async function opensSilently(handle: FileSystemHandle & AskableHandle): Promise<boolean> {
  return ((await handle.queryPermission?.({ mode: 'read' })) ?? 'granted') === 'granted';
}
