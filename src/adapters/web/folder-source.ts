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

  /** The same folder under another name. */
  named(name: string): FolderSource {
    return new FolderSource(name, this.#root, this.#prepare);
  }

  async *entries({ signal }: Cancellable = {}): AsyncGenerator<SourceEntry | SourceFault> {
    const check = (): void => {
      if (signal?.aborted) throw new RoostError('aborted', 'listing was ended');
    };
    check();
    await this.#prepare();
    this.#files.clear();
    yield folderEntry('');
    const folders = [{ path: '', folder: this.#root }];
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      const { path } = folder;
      let batch: ChildNode[] = [];
      try {
        for await (const child of folder.folder.children()) {
          check();
          if (child.kind === 'folder') {
            const childPath = join(path, child.name);
            folders.push({ path: childPath, folder: child.folder });
            yield folderEntry(childPath);
            continue;
          }
          batch.push(child);
          if (batch.length < OPEN_AT_ONCE) continue;
          yield* await this.#openAll(path, batch);
          batch = [];
        }
        yield* await this.#openAll(path, batch);
      } catch (error) {
        if (error instanceof RoostError && error.fault === 'aborted') throw error;
        yield { kind: 'unreadable', path, reason: messageOf(error) };
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
    // One of them failed, or is longer than its place: each for itself tells which.
    const filled = whole
      ? { buffer: together.buffer, errors: [] }
      : await readBlobs(
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

  async #openAll(folder: string, children: readonly ChildNode[]): Promise<(SourceEntry | SourceFault)[]> {
    return Promise.all(
      children.map(async (child): Promise<SourceEntry | SourceFault> => {
        const path = join(folder, child.name);
        if (child.kind === 'folder') return folderEntry(path);
        try {
          const file = await child.open();
          this.#files.set(path, { number: ++filesListed, open: child.open, file });
          return {
            kind: 'file',
            path,
            ...statOf(file),
            mode: undefined,
            owner: undefined,
            target: undefined,
          };
        } catch (error) {
          return { kind: 'unreadable', path, reason: messageOf(error) };
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
