import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
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

/** Files of one folder that are opened at the same time, to have their sizes. */
const OPEN_AT_ONCE = 64;
/** Folders of which the first files are opened while those before them are worked off: each answer of the browser takes its time. */
const FOLDERS_AHEAD = 8;
const NS_PER_MS = 1_000_000n;

/** Of all sources of this page: each file has a number of its own. */
let filesListed = 0;
/** The number of all that is joined to be read once. */
const JOINED = 0;

interface Listed {
  readonly number: number;
  readonly open: OpenFile;
  /** as it was when it was last looked at */
  file: File;
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

/** A folder of the browser as a source, level by level. */
export class FolderSource implements Source {
  readonly name: string;
  readonly #root: FolderNode;
  readonly #files = new Map<string, Listed>();
  readonly #prepare: () => Promise<void>;

  /** `prepare` runs before each listing and may refuse it. */
  constructor(name: string, root: FolderNode, prepare: () => Promise<void> = () => Promise.resolve()) {
    this.name = name;
    this.#root = root;
    this.#prepare = prepare;
  }

  async *entries({ signal }: Cancellable = {}): AsyncGenerator<SourceEntry | SourceFault> {
    const check = (): void => {
      if (signal?.aborted) throw new RoostError('aborted', 'listing was ended');
    };
    check();
    await this.#prepare();
    this.#files.clear();
    yield folderEntry('');
    const listings = [new Listing(this.#list('', this.#root, check))];
    const begin = (): void => {
      for (const next of listings.slice(0, FOLDERS_AHEAD)) next.begin();
    };
    for (let listing = listings.shift(); listing !== undefined; listing = listings.shift()) {
      begin();
      for (let batch = await listing.next(); batch !== undefined; batch = await listing.next()) {
        for (const { entry, folder } of batch) {
          yield entry;
          if (folder) listings.push(new Listing(this.#list(entry.path, folder, check)));
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
    try {
      listed.file = await listed.open();
    } catch (error) {
      throw browserFault(`stat of ${path}`, error);
    }
    return statOf(listed.file);
  }

  async readInto(buffer: Bytes, start: number, ranges: readonly FileRange[]): Promise<FilledBuffer> {
    const [only] = ranges;
    if (only !== undefined && ranges.length === 1) return this.#readWindow(buffer, start, only);
    let at = start;
    const placed = ranges.map(({ path, offset, length }) => {
      const listed = this.#find(path);
      const { file } = listed;
      at += length;
      // A slice is made known to the browser's main process, which takes longer than reading a small file.
      const blob = offset === 0 && length >= file.size ? file : file.slice(offset, offset + length);
      return { listed, place: { blob, at: at - length }, fits: blob.size === length };
    });
    // All as one blob, where none of them is shorter than its place.
    const blob = new Blob(placed.map(({ place }) => place.blob));
    const part = { of: JOINED, blob, from: 0, length: blob.size, at: start };
    const together = placed.every(({ fits }) => fits) ? await readPart(buffer, part) : undefined;
    const whole = together?.error === undefined && together?.bytes === blob.size;
    // The browser reads no file that is another than the one it opened: this is how it was when it was read.
    if (whole)
      return {
        buffer: together.buffer,
        reads: placed.map(({ listed, place }) => ({ bytes: place.blob.size, ...statOf(listed.file) })),
      };
    // One of them failed, or is longer than its place: each for itself tells which.
    const filled = await readBlobs(
      together?.buffer ?? buffer,
      placed.map(({ place }) => place),
    );
    const reads = placed.map(({ listed, place }, i) =>
      this.#outcome(ranges[i]!.path, listed, place.blob.size, filled.errors[i]),
    );
    return { buffer: filled.buffer, reads: await Promise.all(reads) };
  }

  async #readWindow(buffer: Bytes, at: number, { path, offset, length }: FileRange): Promise<FilledBuffer> {
    const listed = this.#find(path);
    const part = { of: listed.number, blob: listed.file, from: offset, length, at };
    const filled = await readPart(buffer, part);
    const read = await this.#outcome(path, listed, filled.bytes, filled.error);
    return { buffer: filled.buffer, reads: [read] };
  }

  /** What became of a range, with the file as it is after it was read. */
  async #outcome(
    path: string,
    listed: Listed,
    bytes: number,
    error: unknown,
  ): Promise<RangeRead | RangeFault> {
    try {
      if (error !== undefined) throw await this.#readFault(path, listed, error);
      return { bytes, ...(await this.stat(path)) };
    } catch (fault) {
      return { reason: messageOf(fault) };
    }
  }

  #find(path: string): Listed {
    const listed = this.#files.get(path);
    if (listed === undefined) throw new RoostError('not-found', `${path} was not listed`);
    return listed;
  }

  /** What is in a folder, some at a time; a folder that cannot be listed is told in its place. @throws RoostError 'aborted' */
  async *#list(path: string, folder: FolderNode, check: () => void): AsyncGenerator<readonly Child[], undefined> {
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
    return Promise.all(
      children.map(async (child): Promise<Child> => {
        const path = join(folder, child.name);
        if (child.kind === 'folder') return { entry: folderEntry(path), folder: child.folder };
        try {
          const file = await child.open();
          this.#files.set(path, { number: ++filesListed, open: child.open, file });
          const entry = { kind: 'file', path, ...statOf(file) } as const;
          return { entry: { ...entry, mode: undefined, owner: undefined, target: undefined } };
        } catch (error) {
          return { entry: { kind: 'unreadable', path, reason: messageOf(error) } };
        }
      }),
    );
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

function statOf(file: File): SourceStat {
  return { size: file.size, mtimeNs: BigInt(file.lastModified) * NS_PER_MS };
}

/** The browser tells no times of folders. */
function folderEntry(path: string): SourceEntry {
  return { kind: 'folder', path, size: 0, mtimeNs: 0n, mode: undefined, owner: undefined, target: undefined };
}
