import type { IDBPDatabase } from 'idb';
import { deleteDB, openDB } from 'idb';
import { RoostError } from '../../core/errors.ts';
import { browserFault } from './browser-fault.ts';

const VERSION = 1;
/** Other tabs are told to close an older version at once; one that does not is stuck. */
const BLOCKED_MAX_MS = 10_000;

/** One open database with one object store, and why it is no longer open. */
export class DatabaseHolder {
  #database: IDBPDatabase | undefined;
  #ended: RoostError | undefined;

  /**
   * Opens a database with out-of-line keys, made when missing.
   * @throws RoostError 'busy' when another tab holds an older version, 'denied' where the browser refuses storage
   */
  static async open(name: string, store: string): Promise<DatabaseHolder> {
    const holder = new DatabaseHolder();
    let onBlocked: () => void = () => undefined;
    const blocked = new Promise<never>((_, reject) => {
      onBlocked = () =>
        void setTimeout(() => {
          holder.end(new RoostError('busy', `database ${name} is held by another tab`));
          reject(holder.#ended!);
        }, BLOCKED_MAX_MS);
    });
    const opening = openDB(name, VERSION, {
      upgrade: (database) => void database.createObjectStore(store),
      blocked: () => onBlocked(),
      // Somebody deletes or upgrades it: keeping it open would block them for ever.
      blocking: () =>
        holder.end(new RoostError('busy', `database ${name} is deleted or upgraded by another tab`)),
      terminated: () => holder.end(new RoostError('denied', `the browser closed database ${name}`)),
    }).then((database) => {
      if (holder.#ended !== undefined) database.close();
      return database;
    });
    try {
      holder.#database = await Promise.race([opening, blocked]);
    } catch (error) {
      throw browserFault(`opening database ${name}`, error);
    }
    return holder;
  }

  /** @throws RoostError why it is closed */
  get(): IDBPDatabase {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#database === undefined) throw new RoostError('internal', 'the database is not open');
    return this.#database;
  }

  close(): void {
    this.end(new RoostError('usage', 'the store is closed'));
  }

  end(reason: RoostError): void {
    this.#ended ??= reason;
    this.#database?.close();
  }
}

/** Deletes a database; tabs that have it open are told and close it. @throws RoostError 'denied' */
export async function deleteDatabase(name: string): Promise<void> {
  try {
    await deleteDB(name);
  } catch (error) {
    throw browserFault(`deleting database ${name}`, error);
  }
}
