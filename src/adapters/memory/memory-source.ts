import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { Fault } from '../../core/errors.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Source, SourceEntry, SourceFault, SourceStat } from '../../ports/source.ts';

/** What lies at a path of a simulated folder. */
export type MemoryFile =
  | { readonly bytes: Bytes; readonly mtimeNs?: bigint; readonly mode?: number }
  | { readonly link: string; readonly mtimeNs?: bigint }
  | { readonly folder: true; readonly mtimeNs?: bigint; readonly mode?: number }
  | { readonly unreadable: string }
  | { readonly special: string };

const MTIME_NS = 1_700_000_000_000_000_000n;

/** A folder made of a map of paths; folders that only paths imply are there too. Change it with `set` and `remove`. */
export class MemorySource implements Source {
  readonly name: string;
  /** calls of `read`, and the bytes they gave, by path */
  readonly reads = new Map<string, { calls: number; bytes: number }>();
  /** Called before each read; may throw, or change files. */
  onRead: ((path: string, offset: number) => void) | undefined;
  readonly #files = new Map<string, MemoryFile>();
  readonly #faults = new Map<string, Fault>();

  constructor(name: string, files: Readonly<Record<string, MemoryFile | Bytes | string>> = {}) {
    this.name = name;
    for (const [path, file] of Object.entries(files)) this.set(path, file);
  }

  /** A file of these bytes (or this UTF-16 text in Latin-1), or any other thing at this path. */
  set(path: string, file: MemoryFile | Bytes | string): void {
    if (typeof file === 'string') {
      this.#files.set(path, { bytes: Uint8Array.from(file, (character) => character.charCodeAt(0)) });
    } else this.#files.set(path, file instanceof Uint8Array ? { bytes: file } : file);
  }

  /** Removes a file, or a folder with all below it. */
  remove(path: string): void {
    for (const known of [...this.#files.keys()]) {
      if (known === path || known.startsWith(`${path}/`)) this.#files.delete(known);
    }
  }

  /** Makes every read of a file reject with this fault; undefined ends it. */
  failReads(path: string, fault: Fault | undefined): void {
    if (fault === undefined) this.#faults.delete(path);
    else this.#faults.set(path, fault);
  }

  /** Bytes read since the last call of this function, of all files. */
  takeReadBytes(): number {
    let sum = 0;
    for (const { bytes } of this.reads.values()) sum += bytes;
    this.reads.clear();
    return sum;
  }

  async *entries({ signal }: Cancellable = {}): AsyncIterable<SourceEntry | SourceFault> {
    const waiting = [''];
    yield this.#entry('', { folder: true });
    for (;;) {
      const folder = waiting.shift();
      if (folder === undefined) return;
      for (const [path, file] of this.#children(folder)) {
        if (signal?.aborted === true) {
          throw new RoostError('aborted', `listing ${this.name} was aborted`, { cause: signal.reason });
        }
        await Promise.resolve();
        if ('unreadable' in file) yield { kind: 'unreadable', path, reason: file.unreadable };
        else if ('special' in file) yield { kind: 'special', path, reason: file.special };
        else yield this.#entry(path, file);
        if ('folder' in file) waiting.push(path);
      }
      if (signal?.aborted === true) {
        throw new RoostError('aborted', `listing ${this.name} was aborted`, { cause: signal.reason });
      }
    }
  }

  async read(path: string, offset: number, length: number): Promise<Bytes> {
    await Promise.resolve();
    this.onRead?.(path, offset);
    const fault = this.#faults.get(path);
    if (fault !== undefined) throw new RoostError(fault, `"${path}" cannot be read`);
    const bytes = this.#file(path).slice(offset, offset + length);
    const counted = this.reads.get(path) ?? { calls: 0, bytes: 0 };
    counted.calls++;
    counted.bytes += bytes.length;
    this.reads.set(path, counted);
    return bytes;
  }

  async stat(path: string): Promise<SourceStat> {
    await Promise.resolve();
    const bytes = this.#file(path);
    const file = this.#files.get(path);
    return {
      size: bytes.length,
      mtimeNs: (file && 'mtimeNs' in file ? file.mtimeNs : undefined) ?? MTIME_NS,
    };
  }

  #file(path: string): Bytes {
    const file = this.#files.get(path);
    if (file === undefined || !('bytes' in file))
      throw new RoostError('not-found', `there is no file "${path}"`);
    return file.bytes;
  }

  /** Things directly in a folder, by path, in the order of their names. */
  #children(folder: string): [string, MemoryFile][] {
    const start = folder === '' ? '' : `${folder}/`;
    const children = new Map<string, MemoryFile>();
    for (const [path, file] of this.#files) {
      if (path === folder || !path.startsWith(start)) continue;
      const slash = path.indexOf('/', start.length);
      if (slash === -1) children.set(path, file);
      else if (!children.has(path.slice(0, slash))) children.set(path.slice(0, slash), { folder: true });
    }
    return [...children].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #entry(path: string, file: Exclude<MemoryFile, { unreadable: string } | { special: string }>): SourceEntry {
    return {
      kind: 'bytes' in file ? 'file' : 'link' in file ? 'link' : 'folder',
      path,
      size: 'bytes' in file ? file.bytes.length : 0,
      mtimeNs: file.mtimeNs ?? MTIME_NS,
      mode: 'mode' in file ? file.mode : undefined,
      owner: undefined,
      target: 'link' in file ? file.link : undefined,
    };
  }
}
