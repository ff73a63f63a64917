import { constants, lstat, open, realpath } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ignore from 'ignore';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AbortSignalLike, Cancellable } from '../../core/progress.ts';
import type {
  FileRange,
  FilledBuffer,
  Source,
  SourceEntry,
  SourceFault,
  SourceStat,
} from '../../ports/source.ts';
import { KINDS, NUMBERS_PER_ENTRY } from './disk-messages.ts';
import type { Listing } from './disk-messages.ts';
import { NO_FILE_ANY_MORE, READ_FLAGS } from './disk-reading.ts';
import { disk } from './disk.ts';
import { onSystem } from './system-faults.ts';

/** Folders that are asked for at once; an answer may hold fewer. */
const FOLDERS_AT_ONCE = 256;
/** One read, bounded before it is allocated. */
const READ_MAX_BYTES = 256 * 1024 * 1024;

/** Paths with a part that is empty, '.' or '..'. */
const NOT_LISTED = /(^|\/)\.{0,2}(\/|$)/;
const POSIX = process.platform !== 'win32';

export interface FolderSourceOptions {
  /** paths left out, gitignore syntax */
  readonly exclude?: readonly string[];
}

/** A folder on disk. @throws RoostError 'not-found' | 'denied' | 'usage' (no folder) */
export async function directorySource(path: string, options: FolderSourceOptions = {}): Promise<Source> {
  const root = resolve(path);
  disk.prepare();
  const stat = await onSystem('the folder cannot be read', () => lstat(root, { bigint: true }));
  // A link named on purpose is followed; links inside never are.
  const folder = stat.isSymbolicLink()
    ? await onSystem('the folder cannot be read', () => open(root, constants.O_RDONLY).then(isFolder))
    : stat.isDirectory();
  if (!folder) throw new RoostError('usage', 'what is backed up must be a folder, got something else');
  const place = await onSystem('the folder cannot be read', () => realpath(root));
  return new FolderSource(root, place, options);
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
  readonly place: string;
  readonly #root: string;
  readonly #excludes: (path: string, folder: boolean) => boolean;

  constructor(root: string, place: string, { exclude = [] }: FolderSourceOptions) {
    this.#root = root;
    this.place = place;
    // The root of a file system has no name.
    this.name = basename(root) || 'root';
    const matcher = ignore({ ignorecase: false }).add([...exclude]);
    this.#excludes = (path, folder) => exclude.length > 0 && matcher.ignores(folder ? `${path}/` : path);
  }

  async *entries({ signal }: Cancellable = {}): AsyncIterable<SourceEntry | SourceFault> {
    stopIf(signal);
    yield folderEntry('', await lstat(join(this.#root, '.'), { bigint: true }));
    let waiting: readonly string[] = [''];
    let asked = this.#list(waiting);
    while (waiting.length > 0) {
      stopIf(signal);
      const listing = await asked;
      const entries = [...entriesOf(listing, waiting.slice(0, listing.counts.length))].filter(
        ({ path, kind }) => !this.#excludes(path, kind === 'folder'),
      );
      const folders = entries.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
      waiting = [...waiting.slice(listing.counts.length), ...folders];
      // The disk thread goes on while these are worked off.
      if (waiting.length > 0) asked = this.#list(waiting);
      yield* entries;
    }
  }

  #list(folders: readonly string[]): Promise<Listing> {
    const listing = disk.list(this.#root, folders.slice(0, FOLDERS_AT_ONCE));
    // Told to who waits for it; a scan that was stopped does not.
    listing.catch(() => undefined);
    return listing;
  }

  async read(path: string, offset: number, length: number): Promise<Bytes> {
    if (length > READ_MAX_BYTES) {
      throw new RoostError('usage', `"length" must be at most ${READ_MAX_BYTES}, got ${length}`);
    }
    return onSystem('a file cannot be read', async () => {
      const handle = await open(this.#place(path), READ_FLAGS);
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
    if (!stat.isFile()) throw new RoostError('not-found', NO_FILE_ANY_MORE);
    return { size: Number(stat.size), mtimeNs: stat.mtimeNs };
  }

  async readInto(buffer: Bytes, start: number, ranges: readonly FileRange[]): Promise<FilledBuffer> {
    for (const { path } of ranges) this.#place(path);
    return disk.readInto(this.#root, buffer, start, ranges);
  }

  #place(path: string): string {
    if (path !== '' && NOT_LISTED.test(path)) {
      throw new RoostError('usage', 'a path of a source must be as it was listed');
    }
    return join(this.#root, path);
  }
}

/** The columns of a listing as entries, folder after folder. */
function* entriesOf(
  { counts, faults, names, numbers, mtimesNs, texts }: Listing,
  folders: readonly string[],
): Generator<SourceEntry | SourceFault> {
  let at = 0;
  let nameAt = 0;
  let owner: SourceEntry['owner'];
  for (const [i, folder] of folders.entries()) {
    const fault = faults.get(i);
    if (fault !== undefined) yield { kind: 'unreadable', path: folder, reason: fault };
    for (const end = at + (counts[i] ?? 0); at < end; at++) {
      const nameEnd = names.indexOf('\0', nameAt);
      const name = names.slice(nameAt, nameEnd);
      nameAt = nameEnd + 1;
      const path = folder === '' ? name : `${folder}/${name}`;
      const text = texts.get(at);
      const first = at * NUMBERS_PER_ENTRY;
      const kind = KINDS[numbers[first]!]!;
      if (kind === 'unreadable' || kind === 'special') yield { kind, path, reason: text ?? '' };
      else {
        const uid = numbers[first + 3]!;
        const gid = numbers[first + 4]!;
        // Most entries have the owner of the one before: one object serves them all.
        if (POSIX && !(owner?.uid === uid && owner.gid === gid)) owner = { uid, gid };
        yield {
          kind,
          path,
          size: numbers[first + 1]!,
          mtimeNs: mtimesNs[at]!,
          mode: POSIX ? numbers[first + 2] : undefined,
          owner,
          target: text,
        };
      }
    }
  }
}

function stopIf(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) {
    throw new RoostError('aborted', 'listing a folder was aborted', { cause: signal.reason });
  }
}

async function regular(handle: Awaited<ReturnType<typeof open>>): Promise<{ readonly size: number }> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new RoostError('not-found', NO_FILE_ANY_MORE);
  return stat;
}

function folderEntry(path: string, stat: BigIntStats): SourceEntry {
  return {
    kind: 'folder',
    path,
    size: 0,
    mtimeNs: stat.mtimeNs,
    mode: POSIX ? Number(stat.mode & 0o7777n) : undefined,
    owner: POSIX ? { uid: Number(stat.uid), gid: Number(stat.gid) } : undefined,
    target: undefined,
  };
}
