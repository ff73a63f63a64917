import { browserFault } from './browser-fault.ts';
import type { AskableHandle } from './file-system-access.ts';
import { DatabaseHolder } from './idb-database.ts';

const STORE = 'folders';

/** Directory handles that the browser keeps over reloads, one for each folder name. */
export class FolderHandles {
  readonly #database: DatabaseHolder;

  private constructor(database: DatabaseHolder) {
    this.#database = database;
  }

  /** @throws RoostError 'denied' where the browser refuses storage */
  static async open(name: string): Promise<FolderHandles> {
    return new FolderHandles(await DatabaseHolder.open(name, STORE));
  }

  async all(): Promise<readonly FileSystemDirectoryHandle[]> {
    return this.#run('reading the folders', () => this.#database.get().getAll(STORE));
  }

  /** Replaces the handle of the same name. */
  async keep(handle: FileSystemDirectoryHandle): Promise<void> {
    await this.#run('keeping a folder', () => this.#database.get().put(STORE, handle, handle.name));
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
