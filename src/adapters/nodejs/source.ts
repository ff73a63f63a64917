import { constants, lstat, open, opendir, readlink } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ignore from 'ignore';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AbortSignalLike, Cancellable } from '../../core/progress.ts';
import type { Source, SourceEntry, SourceFault, SourceStat } from '../../ports/source.ts';
import { codeOf, onSystem } from './system-faults.ts';

/** Entries of a folder that are looked at at once. */
const LSTAT_AT_ONCE = 32;
/** One read, bounded before it is allocated. */
const READ_MAX_BYTES = 256 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'vanished while it was read',
  ENOTDIR: 'vanished while it was read',
  EIO: 'the disk cannot read it',
  ELOOP: 'too many links',
  ENAMETOOLONG: 'its path is too long',
};

export interface FolderSourceOptions {
  /** paths left out, gitignore syntax */
  readonly exclude?: readonly string[];
}

/** A folder on disk. @throws RoostError 'not-found' | 'denied' | 'usage' (no folder) */
export async function directorySource(path: string, options: FolderSourceOptions = {}): Promise<Source> {
  const root = resolve(path);
  const stat = await onSystem('the folder cannot be read', () => lstat(root, { bigint: true }));
  // A link named on purpose is followed; links inside never are.
  const folder = stat.isSymbolicLink()
    ? await onSystem('the folder cannot be read', () => open(root, constants.O_RDONLY).then(isFolder))
    : stat.isDirectory();
  if (!folder) throw new RoostError('usage', 'what is backed up must be a folder, got something else');
  return new FolderSource(root, options);
}

async function isFolder(handle: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  try {
    return (await handle.stat()).isDirectory();
  } finally {
    await handle.close();
  }
}

class FolderSource implements Source {
  readonly name: string;
  readonly #root: string;
  readonly #excludes: (path: string, folder: boolean) => boolean;

  constructor(root: string, { exclude = [] }: FolderSourceOptions) {
    this.#root = root;
    // The root of a file system has no name.
    this.name = basename(root) || 'root';
    const matcher = ignore({ ignorecase: false }).add([...exclude]);
    this.#excludes = (path, folder) => exclude.length > 0 && matcher.ignores(folder ? `${path}/` : path);
  }

  async *entries({ signal }: Cancellable = {}): AsyncIterable<SourceEntry | SourceFault> {
    stopIf(signal);
    yield entryOf('', 'folder', await lstat(join(this.#root, '.'), { bigint: true }), undefined);
    const waiting = [''];
    for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
      for await (const entry of this.#children(folder, signal)) {
        if (entry.kind === 'folder') waiting.push(entry.path);
        yield entry;
      }
    }
  }

  async read(path: string, offset: number, length: number): Promise<Bytes> {
    if (length > READ_MAX_BYTES) {
      throw new RoostError('usage', `"length" must be at most ${READ_MAX_BYTES}, got ${length}`);
    }
    return onSystem('a file cannot be read', async () => {
      // O_NONBLOCK: a pipe that took the file's place must not make us wait for its writer
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      const handle = await open(this.#place(path), flags);
      try {
        const { size } = await regular(handle);
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done === bytes.length ? bytes : bytes.slice(0, done);
      } finally {
        await handle.close();
      }
    });
  }

  async stat(path: string): Promise<SourceStat> {
    const stat = await onSystem('a file cannot be read', () => lstat(this.#place(path), { bigint: true }));
    if (!stat.isFile()) throw new RoostError('not-found', 'what was a file is none any more');
    return { size: Number(stat.size), mtimeNs: stat.mtimeNs };
  }

  async *#children(
    folder: string,
    signal: AbortSignalLike | undefined,
  ): AsyncIterable<SourceEntry | SourceFault> {
    let names: string[];
    try {
      const listed = await this.#names(folder, signal);
      names = listed.names;
      for (const name of listed.unreadable) {
        yield {
          kind: 'unreadable',
          path: joined(folder, name),
          reason: 'its name is no valid UTF-8',
        };
      }
    } catch (error) {
      if (error instanceof RoostError) throw error;
      yield { kind: 'unreadable', path: folder, reason: reasonOf(error) };
      return;
    }
    for (let at = 0; at < names.length; at += LSTAT_AT_ONCE) {
      stopIf(signal);
      const paths = names.slice(at, at + LSTAT_AT_ONCE).map((name) => joined(folder, name));
      for (const entry of await Promise.all(paths.map((path) => this.#look(path)))) {
        if (!this.#excludes(entry.path, entry.kind === 'folder')) yield entry;
      }
    }
  }

  /** Names in a folder in the order of their code units; those that are no UTF-8 with their wrong bytes as \xNN. */
  async #names(
    folder: string,
    signal: AbortSignalLike | undefined,
  ): Promise<{ readonly names: string[]; readonly unreadable: string[] }> {
    const names: string[] = [];
    const unreadable: string[] = [];
    // Types of Node.js do not know that names come as buffers.
    const directory = await opendir(this.#place(folder), { encoding: 'buffer' as BufferEncoding });
    for await (const { name } of directory) {
      stopIf(signal);
      const bytes = name as unknown as Buffer;
      const text = bytes.toString('utf8');
      if (Buffer.from(text).equals(bytes)) names.push(text);
      else unreadable.push(escaped(bytes));
    }
    return { names: names.sort(), unreadable: unreadable.sort() };
  }

  async #look(path: string): Promise<SourceEntry | SourceFault> {
    try {
      const place = this.#place(path);
      const stat = await lstat(place, { bigint: true });
      if (stat.isFile()) return entryOf(path, 'file', stat, undefined);
      if (stat.isDirectory()) return entryOf(path, 'folder', stat, undefined);
      if (stat.isSymbolicLink()) return await this.#link(path, place, stat);
      return { kind: 'unreadable', path, reason: specialKind(stat) };
    } catch (error) {
      return { kind: 'unreadable', path, reason: reasonOf(error) };
    }
  }

  async #link(path: string, place: string, stat: BigIntStats): Promise<SourceEntry | SourceFault> {
    const bytes = await readlink(place, { encoding: 'buffer' });
    const target = bytes.toString('utf8');
    return Buffer.from(target).equals(bytes)
      ? entryOf(path, 'link', stat, target)
      : { kind: 'unreadable', path, reason: 'its target is no valid UTF-8' };
  }

  #place(path: string): string {
    if (path !== '' && path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new RoostError('usage', 'a path of a source must be as it was listed');
    }
    return join(this.#root, path);
  }
}

const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

function stopIf(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) {
    throw new RoostError('aborted', 'listing a folder was aborted', { cause: signal.reason });
  }
}

async function regular(handle: Awaited<ReturnType<typeof open>>): Promise<{ readonly size: number }> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new RoostError('not-found', 'what was a file is none any more');
  return stat;
}

function entryOf(
  path: string,
  kind: SourceEntry['kind'],
  stat: BigIntStats,
  target: string | undefined,
): SourceEntry {
  const posix = process.platform !== 'win32';
  return {
    kind,
    path,
    size: kind === 'file' ? Number(stat.size) : 0,
    mtimeNs: stat.mtimeNs,
    mode: posix ? Number(stat.mode & 0o7777n) : undefined,
    owner: posix ? { uid: Number(stat.uid), gid: Number(stat.gid) } : undefined,
    target,
  };
}

function specialKind(stat: BigIntStats): string {
  if (stat.isSocket()) return 'a socket has no content to save';
  if (stat.isFIFO()) return 'a pipe has no content to save';
  return 'a device has no content to save';
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code ?? ''] ?? `the system says ${code ?? 'nothing more'}`;
}

/** Names that are no UTF-8 can be shown but not saved: a tree's names are text. */
function escaped(bytes: Buffer): string {
  let shown = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    shown += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return shown;
}
