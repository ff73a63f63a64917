import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import { portableName, safeParts } from '../../core/snapshot/safe-path.ts';
import type { ExistingFile, FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';
import { browserFault } from './browser-fault.ts';
import { mayUse } from './file-system-access.ts';

/** Each file is written to a temporary one and moved at the end, which takes the browser a while. */
const PARALLEL = 8;

/** Writes into a picked folder. The browser sets no times and no permission bits, and makes no links. */
export class HandleSink implements Sink {
  readonly parallel = PARALLEL;
  readonly #root: FileSystemDirectoryHandle;
  readonly #folders = new Map<string, Promise<FileSystemDirectoryHandle>>();
  readonly #open = new Set<FileWriter>();
  /** whether nothing was in it at the beginning */
  #fresh: Promise<boolean> | undefined;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  /** Asks for permission to write; to be called from a click. @throws RoostError 'denied' */
  async prepare(): Promise<void> {
    if (!(await mayUse(this.#root, 'readwrite'))) {
      throw new RoostError('denied', 'the browser was not allowed to write to the folder');
    }
  }

  async folder(entry: RestoredEntry): Promise<void> {
    await this.#folder(safeParts(entry.path));
  }

  async file(entry: RestoredEntry): Promise<FileWriter> {
    const parts = safeParts(entry.path);
    const name = parts.at(-1) ?? '';
    const folder = await this.#folder(parts.slice(0, -1));
    const what = `file ${entry.path}`;
    const existed = await exists(folder, name);
    const handle = await named(what, name, (usable) => folder.getFileHandle(usable, { create: true }));
    let writable: FileSystemWritableFileStream;
    try {
      writable = await handle.createWritable();
    } catch (error) {
      throw browserFault(what, error);
    }
    const writer: FileWriter = {
      write: (data) => guard(what, () => writable.write(data)),
      close: async () => {
        this.#open.delete(writer);
        await guard(what, () => writable.close());
      },
      abort: async () => {
        if (!this.#open.delete(writer)) return;
        await writable.abort().catch(() => undefined);
        // What was there before is still there: only the temporary file was written.
        if (!existed) await folder.removeEntry(handle.name).catch(() => undefined);
      },
    };
    this.#open.add(writer);
    return writer;
  }

  async existing(entry: RestoredEntry): Promise<ExistingFile | undefined> {
    this.#fresh ??= isEmpty(this.#root);
    if (await this.#fresh) return undefined;
    const parts = safeParts(entry.path);
    const folder = await this.#folder(parts.slice(0, -1));
    const handle = await named(`file ${entry.path}`, parts.at(-1) ?? '', (usable) =>
      folder.getFileHandle(usable),
    ).catch((error: unknown) => {
      if (faultOf(error) === 'not-found') return undefined;
      throw error;
    });
    const file = await handle?.getFile();
    if (file?.size !== entry.size) return undefined;
    return {
      read: async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()),
      keep: () => Promise.resolve(),
    };
  }

  async link(entry: RestoredEntry): Promise<void> {
    safeParts(entry.path);
    await Promise.resolve();
    throw new RoostError('unsupported', 'browsers make no symbolic links');
  }

  async finish(): Promise<void> {
    await Promise.resolve();
  }

  async abort(_reason: string): Promise<void> {
    await Promise.all([...this.#open].map((writer) => writer.abort()));
  }

  /** Each folder is made once, also when many files of it begin at the same time. */
  #folder(parts: readonly string[]): Promise<FileSystemDirectoryHandle> {
    if (parts.length === 0) return Promise.resolve(this.#root);
    const path = parts.join('/');
    const present = this.#folders.get(path);
    if (present !== undefined) return present;
    const made = this.#folder(parts.slice(0, -1)).then((parent) =>
      named(`folder ${path}`, parts.at(-1) ?? '', (usable) =>
        parent.getDirectoryHandle(usable, { create: true }),
      ),
    );
    this.#folders.set(path, made);
    made.catch(() => this.#folders.delete(path));
    return made;
  }
}

/** Opens under the name itself, or in its escaped form where the browser does not take the name (it throws TypeError). */
async function named<T>(what: string, name: string, open: (usable: string) => Promise<T>): Promise<T> {
  try {
    return await open(name).catch((error: unknown) => {
      const portable = portableName(name);
      if (!(error instanceof TypeError) || portable === name) throw error;
      return open(portable);
    });
  } catch (error) {
    if (error instanceof TypeError) {
      throw new RoostError('refused', `${what}: the browser takes no such name: ${messageOf(error)}`, {
        cause: error,
      });
    }
    throw browserFault(what, error);
  }
}

async function isEmpty(folder: FileSystemDirectoryHandle): Promise<boolean> {
  for await (const _ of folder.keys()) return false;
  return true;
}

async function exists(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch {
    return false;
  }
}

async function guard(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    throw browserFault(what, error);
  }
}
