import type { Bytes } from '../../core/bytes.ts';
import { concatBytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { safeParts } from '../../core/snapshot/safe-path.ts';
import type { ExistingFile, FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';

export interface CollectedFile {
  readonly kind: 'file' | 'folder' | 'link';
  readonly bytes: Bytes;
  readonly entry: RestoredEntry;
}

/** Collects what is restored, by path. */
export class MemorySink implements Sink {
  readonly parallel: number;
  readonly collected: Map<string, CollectedFile>;
  readonly #before: ReadonlyMap<string, CollectedFile>;
  finished = false;
  /** why it was given up; undefined when it was not */
  aborted: string | undefined;
  /** May throw before anything is written at a path. */
  onWrite: ((path: string) => void) | undefined;

  /** @param options `over`: what lies in the target already */
  constructor(options: { readonly parallel?: number; readonly over?: MemorySink } = {}) {
    this.parallel = options.parallel ?? 1;
    this.#before = options.over?.collected ?? new Map<string, CollectedFile>();
    this.collected = new Map(this.#before);
  }

  async folder(entry: RestoredEntry): Promise<void> {
    await this.#begin(entry);
    this.#makeFolder(entry);
  }

  async file(entry: RestoredEntry): Promise<FileWriter> {
    await this.#begin(entry);
    const pieces: Bytes[] = [];
    let open = true;
    const check = (): void => {
      if (!open) throw new RoostError('usage', 'this file is closed');
    };
    return {
      write: async (data) => {
        check();
        this.onWrite?.(entry.path);
        pieces.push(data.slice());
        await Promise.resolve();
      },
      close: async () => {
        check();
        open = false;
        this.collected.set(entry.path, { kind: 'file', bytes: concatBytes(...pieces), entry });
        await Promise.resolve();
      },
      abort: async () => {
        open = false;
        await Promise.resolve();
      },
    };
  }

  async existing(entry: RestoredEntry): Promise<ExistingFile | undefined> {
    await Promise.resolve();
    safeParts(entry.path, 'posix');
    const file = this.#before.get(entry.path);
    if (file?.kind !== 'file' || file.bytes.length !== entry.size) return undefined;
    return {
      read: (offset, length) => Promise.resolve(file.bytes.slice(offset, offset + length)),
      keep: async () => {
        this.collected.set(entry.path, { ...file, entry });
        await Promise.resolve();
      },
    };
  }

  async link(entry: RestoredEntry): Promise<void> {
    await this.#begin(entry);
    this.collected.set(entry.path, { kind: 'link', bytes: new Uint8Array(0), entry });
  }

  async finish(): Promise<void> {
    this.finished = true;
    await Promise.resolve();
  }

  async abort(reason: string): Promise<void> {
    this.aborted = reason;
    await Promise.resolve();
  }

  async #begin(entry: RestoredEntry): Promise<void> {
    await Promise.resolve();
    const parts = safeParts(entry.path, 'posix');
    this.onWrite?.(entry.path);
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      this.#makeFolder({ ...entry, path, size: 0, mode: undefined, owner: undefined, target: undefined });
    }
  }

  #makeFolder(entry: RestoredEntry): void {
    const there = this.collected.get(entry.path);
    if (there !== undefined && there.kind !== 'folder') {
      throw new RoostError('refused', `"${entry.path}" is a ${there.kind} and no folder`);
    }
    if (there === undefined) {
      this.collected.set(entry.path, { kind: 'folder', bytes: new Uint8Array(0), entry });
    }
  }
}

/** Takes everything and keeps nothing: for a check that reads all. */
export class NowhereSink implements Sink {
  readonly parallel = 8;
  /** bytes of files taken so far */
  bytes = 0;

  folder(): Promise<void> {
    return Promise.resolve();
  }

  file(): Promise<FileWriter> {
    return Promise.resolve({
      write: async (data: Bytes) => {
        this.bytes += data.length;
        await Promise.resolve();
      },
      close: () => Promise.resolve(),
      abort: () => Promise.resolve(),
    });
  }

  link(): Promise<void> {
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}
