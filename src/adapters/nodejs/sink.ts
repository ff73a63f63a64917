import { randomBytes } from 'node:crypto';
import { constants, lstat, lutimes, mkdir, open, realpath, rename, rm, symlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { safeParts } from '../../core/snapshot/safe-path.ts';
import type { FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';
import { makeFolder } from './make-folder.ts';
import { codeOf, onSystem } from './system-faults.ts';

const PARALLEL = 8;
/** Permission bits that are restored: set-user-id and its like only mean something together with the owner. */
const MODE_BITS = 0o777;
const RULE = process.platform === 'win32' ? 'portable' : 'posix';

/** A folder on disk to restore into, made when it is missing. */
export async function directorySink(path: string): Promise<Sink> {
  return onSystem('the target folder cannot be used', async () => {
    const target = resolve(path);
    await makeFolder(target);
    // The target may be a link, chosen on purpose; below it none is followed.
    return new FolderSink(await realpath(target));
  });
}

class FolderSink implements Sink {
  readonly parallel = PARALLEL;
  readonly #target: string;
  readonly #folders: RestoredEntry[] = [];
  readonly #open = new Set<TemporaryFile>();

  constructor(target: string) {
    this.#target = target;
  }

  folder(entry: RestoredEntry): Promise<void> {
    return this.#write(async () => {
      const parts = safeParts(entry.path, RULE);
      await this.#enter(parts);
      this.#folders.push(entry);
    });
  }

  file(entry: RestoredEntry): Promise<FileWriter> {
    return this.#write(async () => {
      const place = await this.#place(entry.path);
      await refuseFolder(place, entry.path);
      const file = await TemporaryFile.create(place, entry);
      this.#open.add(file);
      return {
        write: (data: Bytes) => this.#write(() => file.write(data)),
        close: () =>
          this.#write(async () => {
            this.#open.delete(file);
            try {
              // Somebody may have put a link in the way meanwhile.
              await this.#place(entry.path);
            } catch (error) {
              await file.discard();
              throw error;
            }
            await file.commit();
          }),
        abort: () =>
          this.#write(async () => {
            this.#open.delete(file);
            await file.discard();
          }),
      };
    });
  }

  link(entry: RestoredEntry): Promise<void> {
    return this.#write(async () => {
      const place = await this.#place(entry.path);
      await refuseFolder(place, entry.path);
      const temporary = temporaryBeside(place);
      try {
        await symlink(entry.target ?? '', temporary);
      } catch (error) {
        if (codeOf(error) !== 'EPERM') throw error;
        throw new RoostError('unsupported', 'links cannot be made here', { cause: error });
      }
      try {
        await lutimes(temporary, seconds(entry.mtimeNs), seconds(entry.mtimeNs));
        await rename(temporary, place);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  finish(): Promise<void> {
    return this.#write(async () => {
      // The deepest first: setting the times of what is inside would change those of a folder.
      const folders = [...this.#folders].sort((a, b) => depth(b.path) - depth(a.path));
      for (const entry of folders) await this.#finishFolder(entry);
    });
  }

  async abort(reason: string): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    const ended = await Promise.allSettled(open.map((file) => file.discard()));
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      const why = messageOf(failed.reason);
      throw new RoostError('internal', `after "${reason}" a temporary file could not be removed: ${why}`);
    }
  }

  async #write<T>(call: () => Promise<T>): Promise<T> {
    return onSystem('the target folder cannot be written', call);
  }

  /** Where a path lies, its folders made and none of them a link. @throws RoostError 'refused' */
  async #place(path: string): Promise<string> {
    const parts = safeParts(path, RULE);
    const folder = await this.#enter(parts.slice(0, -1));
    return join(folder, parts.at(-1) ?? '');
  }

  async #enter(parts: readonly string[]): Promise<string> {
    let folder = this.#target;
    for (const part of parts) {
      folder = join(folder, part);
      let stat = await lstatOrNothing(folder);
      if (stat === undefined) {
        try {
          await mkdir(folder);
        } catch (error) {
          // another file's writer was faster
          if (codeOf(error) !== 'EEXIST') throw error;
        }
        stat = await lstat(folder);
      }
      if (!stat.isDirectory()) {
        const what = stat.isSymbolicLink() ? 'a link' : 'a file';
        throw new RoostError('refused', `a folder is to be written where ${what} lies`);
      }
    }
    return folder;
  }

  async #finishFolder({ path, mode, mtimeNs }: RestoredEntry): Promise<void> {
    const place = join(this.#target, ...safeParts(path, RULE));
    if (process.platform === 'win32') {
      await lutimes(place, seconds(mtimeNs), seconds(mtimeNs));
      return;
    }
    const handle = await open(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      await handle.utimes(seconds(mtimeNs), seconds(mtimeNs));
      if (mode !== undefined) await handle.chmod(mode & MODE_BITS);
    } finally {
      await handle.close();
    }
  }
}

/** A file under a name of its own until it is whole; then it takes its place in one step. */
class TemporaryFile {
  readonly #handle: FileHandle;
  readonly #temporary: string;
  readonly #place: string;
  readonly #entry: RestoredEntry;

  private constructor(handle: FileHandle, temporary: string, place: string, entry: RestoredEntry) {
    this.#handle = handle;
    this.#temporary = temporary;
    this.#place = place;
    this.#entry = entry;
  }

  static async create(place: string, entry: RestoredEntry): Promise<TemporaryFile> {
    const temporary = temporaryBeside(place);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    // Nobody else reads it before its own mode is set.
    return new TemporaryFile(
      await open(temporary, flags, entry.mode === undefined ? 0o666 : 0o600),
      temporary,
      place,
      entry,
    );
  }

  async write(data: Bytes): Promise<void> {
    let written = 0;
    while (written < data.length) {
      written += (await this.#handle.write(data, written, data.length - written)).bytesWritten;
    }
  }

  async commit(): Promise<void> {
    const { mode, mtimeNs } = this.#entry;
    try {
      if (process.platform !== 'win32' && mode !== undefined) await this.#handle.chmod(mode & MODE_BITS);
      await this.#handle.utimes(seconds(mtimeNs), seconds(mtimeNs));
      await this.#handle.close();
      await rename(this.#temporary, this.#place);
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }
}

const depth = (path: string): number => path.split('/').length;
const seconds = (ns: bigint): number => Number(ns) / 1e9;
const temporaryBeside = (place: string): string =>
  join(dirname(place), `.roost-${randomBytes(8).toString('hex')}.part`);

async function lstatOrNothing(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function refuseFolder(place: string, path: string): Promise<void> {
  const stat = await lstatOrNothing(place);
  if (stat?.isDirectory() === true) {
    throw new RoostError('refused', `a folder lies where "${path.split('/').at(-1) ?? ''}" is to be written`);
  }
}
