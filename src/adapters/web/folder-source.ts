import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { Cancellable } from '../../core/progress.ts';
import type {
  FileRange,
  FilledBuffer,
  RangeFault,
  RangeRead,
  Source,
  SourceEntry,
  SourceFault,
  SourceStat,
} from '../../ports/source.ts';
import { readBlobs, readPart } from './blob-reader.ts';
import { browserFault } from './browser-fault.ts';
import type { ChildNode, FolderNode, OpenFile } from './folder-node.ts';
import { turns } from './turns.ts';

/** Files of one folder that are opened at the same time, to have their sizes. */
const OPEN_AT_ONCE = 64;
/** Folders of which the first files are opened while those before them are worked off: each answer of the browser takes its time. */
const FOLDERS_AHEAD = 8;
/** Files that become one blob in one go, because the page tells the browser of each. */
const JOINED_AT_ONCE = 32;
const NS_PER_MS = 1_000_000n;

/** Of all sources of this page: each file has a number of its own. */
let filesListed = 0;
/** The number of all that is joined to be read once. */
const JOINED = 0;

interface Listed {
  readonly number: number;
  readonly open: OpenFile;
  /** as it was when it was last looked at, and its size then: a picked file is asked for it in another process, each time */
  file: File;
  size: number;
}

interface Reopened {
  readonly bytes: number;
  readonly listed: Listed;
  readonly file: File;
}

/** An entry as it is told, with what to list for it when it is a folder. */
interface Child {
  readonly entry: SourceEntry | SourceFault;
  readonly folder?: FolderNode;
}

/** The children of one folder, batch by batch; the first may be asked for before it is needed. */
class Listing {
  readonly #batches: AsyncGenerator<readonly Child[], undefined>;
  #first: Promise<readonly Child[] | undefined> | undefined;

  constructor(batches: AsyncGenerator<readonly Child[], undefined>) {
    this.#batches = batches;
  }

  begin(): void {
    this.#first ??= this.#ask();
    // What fails is told to who asks next, if anybody does.
    this.#first.catch(() => undefined);
  }

  /** @returns undefined after the last */
  next(): Promise<readonly Child[] | undefined> {
    const first = this.#first;
    this.#first = undefined;
    return first ?? this.#ask();
  }

  async #ask(): Promise<readonly Child[] | undefined> {
    const { done, value } = await this.#batches.next();
    return done === true ? undefined : value;
  }
}

export interface FolderSourceOptions extends Pick<Source, 'hides'> {
  /** runs before each listing and may refuse it */
  readonly prepare?: () => Promise<void>;
}

/** A folder of the browser as a source, level by level. */
export class FolderSource implements Source {
  readonly name: string;
  readonly hides?: (name: string) => boolean;
  readonly #root: FolderNode;
  readonly #options: FolderSourceOptions;
  readonly #files = new Map<string, Listed>();

  constructor(name: string, root: FolderNode, options: FolderSourceOptions = {}) {
    this.name = name;
    if (options.hides) this.hides = options.hides;
    this.#root = root;
    this.#options = options;
  }

  /** The same folder under another name. */
  named(name: string): FolderSource {
    return new FolderSource(name, this.#root, this.#options);
  }

  async *entries({ signal }: Cancellable = {}): AsyncGenerator<SourceEntry | SourceFault> {
    const check = (): void => {
      if (signal?.aborted) throw new RoostError('aborted', 'listing was ended');
    };
    check();
    await this.#options.prepare?.();
    this.#files.clear();
    yield folderEntry('');
    const listings = [new Listing(this.#children('', this.#root, check))];
    const begin = (): void => {
      for (const next of listings.slice(0, FOLDERS_AHEAD)) next.begin();
    };
    for (let listing = listings.shift(); listing !== undefined; listing = listings.shift()) {
      begin();
      for (let batch = await listing.next(); batch !== undefined; batch = await listing.next()) {
        for (const { entry, folder } of batch) {
          yield entry;
          if (folder) listings.push(new Listing(this.#children(entry.path, folder, check)));
        }
        begin();
      }
      check();
    }
  }

  async read(path: string, offset: number, length: number): Promise<Bytes> {
    const listed = this.#find(path);
    const { file } = listed;
    try {
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw await this.#readFault(path, listed, error);
    }
  }

  async stat(path: string): Promise<SourceStat> {
    const listed = this.#find(path);
    return this.#look(listed, await this.#reopened(path, listed));
  }

  async readInto(buffer: Bytes, start: number, ranges: readonly FileRange[]): Promise<FilledBuffer> {
    const [only] = ranges;
    if (only !== undefined && ranges.length === 1) return this.#readWindow(buffer, start, only);
    const listed = ranges.map(({ path }) => this.#find(path));
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    // A slice is made known to the browser's main process, which takes longer than reading a small file: only whole files are read together.
    const whole = ranges.every(({ offset, length }, i) => offset === 0 && length === listed[i]!.size);
    const blob = whole ? await joined(listed.map(({ file }) => file)) : undefined;
    if (blob?.size === total) {
      const filled = await readPart(buffer, { of: JOINED, blob, from: 0, length: total, at: start });
      buffer = filled.buffer;
      if (filled.error === undefined && filled.bytes === total) {
        // From a handle the browser reads no file that is another than the one it opened: this is how each was when it was read.
        const reads: RangeRead[] = [];
        for (const { size, file } of listed) {
          await turns.pass();
          reads.push({ bytes: size, ...statOf(file) });
        }
        // A picked file that has another size now may have had it then.
        if (reads.every((read) => read.size === read.bytes)) return { buffer, reads };
      }
    }
    return this.#readApart(buffer, start, ranges);
  }

  /** Each range for itself: that tells which fails, or is shorter than its place. */
  async #readApart(buffer: Bytes, start: number, ranges: readonly FileRange[]): Promise<FilledBuffer> {
    let at = start;
    const places: { readonly blob: Blob; readonly at: number }[] = [];
    for (const { path, offset, length } of ranges) {
      await turns.pass();
      places.push({ blob: this.#find(path).file.slice(offset, offset + length), at });
      at += length;
    }
    const filled = await readBlobs(buffer, places);
    const reads = await this.#outcomes(ranges, (i) => ({
      bytes: places[i]!.blob.size,
      error: filled.errors[i],
    }));
    return { buffer: filled.buffer, reads };
  }

  async #readWindow(buffer: Bytes, at: number, range: FileRange): Promise<FilledBuffer> {
    const listed = this.#find(range.path);
    const part = { of: listed.number, blob: listed.file, from: range.offset, length: range.length, at };
    const filled = await readPart(buffer, part);
    return { buffer: filled.buffer, reads: await this.#outcomes([range], () => filled) };
  }

  /** What became of ranges, with their files as they are after they were read. */
  async #outcomes(
    ranges: readonly FileRange[],
    read: (index: number) => { readonly bytes: number; readonly error?: unknown },
  ): Promise<(RangeRead | RangeFault)[]> {
    const opened = await mapLimited(
      ranges,
      OPEN_AT_ONCE,
      async ({ path }, i): Promise<Reopened | RangeFault> => {
        const listed = this.#find(path);
        const { bytes, error } = read(i);
        try {
          if (error !== undefined) throw await this.#readFault(path, listed, error);
          return { bytes, listed, file: await this.#reopened(path, listed) };
        } catch (fault) {
          return { reason: messageOf(fault) };
        }
      },
    );
    const reads: (RangeRead | RangeFault)[] = [];
    for (const one of opened) {
      await turns.pass();
      if ('file' in one) reads.push({ bytes: one.bytes, ...this.#look(one.listed, one.file) });
      else reads.push(one);
    }
    return reads;
  }

  /** @throws RoostError 'not-found' and whatever else the browser has against it */
  async #reopened(path: string, { open }: Listed): Promise<File> {
    try {
      return await open();
    } catch (error) {
      throw browserFault(`stat of ${path}`, error);
    }
  }

  #look(listed: Listed, file: File): SourceStat {
    const stat = statOf(file);
    listed.file = file;
    listed.size = stat.size;
    return stat;
  }

  #find(path: string): Listed {
    const listed = this.#files.get(path);
    if (listed === undefined) throw new RoostError('not-found', `${path} was not listed`);
    return listed;
  }

  /** What is in a folder, some at a time; a folder that cannot be listed is told in its place. @throws RoostError 'aborted' */
  async *#children(
    path: string,
    folder: FolderNode,
    check: () => void,
  ): AsyncGenerator<readonly Child[], undefined> {
    let batch: ChildNode[] = [];
    try {
      for await (const child of folder.children()) {
        check();
        batch.push(child);
        if (batch.length < OPEN_AT_ONCE) continue;
        yield await this.#openAll(path, batch);
        batch = [];
      }
      yield await this.#openAll(path, batch);
    } catch (error) {
      if (error instanceof RoostError && error.fault === 'aborted') throw error;
      yield [{ entry: { kind: 'unreadable', path, reason: messageOf(error) } }];
    }
  }

  async #openAll(folder: string, children: readonly ChildNode[]): Promise<readonly Child[]> {
    const opened = await Promise.all(
      children.map(async (child): Promise<Child | { path: string; open: OpenFile; file: File }> => {
        const path = join(folder, child.name);
        if (child.kind === 'folder') return { entry: folderEntry(path), folder: child.folder };
        try {
          return { path, open: child.open, file: await child.open() };
        } catch (error) {
          return { entry: { kind: 'unreadable', path, reason: messageOf(error) } };
        }
      }),
    );
    const entries: Child[] = [];
    for (const one of opened) {
      await turns.pass();
      entries.push('entry' in one ? one : { entry: this.#list(one.path, one.open, one.file) });
    }
    return entries;
  }

  #list(path: string, open: OpenFile, file: File): SourceEntry {
    const stat = statOf(file);
    this.#files.set(path, { number: ++filesListed, open, file, size: stat.size });
    return { kind: 'file', path, ...stat, mode: undefined, owner: undefined, target: undefined };
  }

  /** A file that is gone may read as changed: looking again tells which. */
  async #readFault(path: string, { open }: Listed, error: unknown): Promise<RoostError> {
    const fault = browserFault(`reading ${path}`, error);
    if (fault.fault === 'not-found' || fault.fault === 'denied') return fault;
    try {
      await open();
    } catch (reopening) {
      return browserFault(`reading ${path}`, reopening);
    }
    return fault;
  }
}

const join = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** The browser answers for a picked file only after it has asked another process, and the page stands still meanwhile. */
function statOf(file: File): SourceStat {
  return { size: file.size, mtimeNs: BigInt(file.lastModified) * NS_PER_MS };
}

/** One blob of many files. */
async function joined(files: readonly File[]): Promise<Blob> {
  const groups: Blob[] = [];
  for (let at = 0; at < files.length; at += JOINED_AT_ONCE) {
    await turns.pass();
    groups.push(new Blob(files.slice(at, at + JOINED_AT_ONCE)));
  }
  return new Blob(groups);
}

/** The browser tells no times of folders. */
function folderEntry(path: string): SourceEntry {
  return { kind: 'folder', path, size: 0, mtimeNs: 0n, mode: undefined, owner: undefined, target: undefined };
}
