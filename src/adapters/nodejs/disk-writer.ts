import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { MIB } from '../../core/limits.ts';
import { disk } from './disk.ts';
import type { FileAttributes, WriteStep } from './disk-messages.ts';

/** Bytes that one call of the disk thread takes, or one step when that is more. */
const CALL_BYTES = 4 * MIB;
const CALL_STEPS = 256;

interface Waiting {
  readonly step: WriteStep;
  readonly pieces: readonly Bytes[];
  resolve(): void;
  reject(error: unknown): void;
}

/** The file that a part belongs to. */
export interface WrittenFile extends FileAttributes {
  readonly path: string;
}

/** Numbers of files of all writers: the thread knows them by these. */
let files = 0;

/** Steps of a restore into one folder. Those that are asked for while the disk thread is at work go to it together, in their order. */
export class DiskWriter {
  readonly #root: string;
  #waiting: Waiting[] = [];
  #sending = false;
  #buffer: Bytes = new Uint8Array(CALL_BYTES);

  constructor(root: string) {
    this.#root = root;
  }

  folder(path: string): Promise<void> {
    return this.#take({ kind: 'folder', path });
  }

  link(path: string, target: string, mtimeNs: bigint): Promise<void> {
    return this.#take({ kind: 'link', path, target, mtimeNs });
  }

  finishFolder(path: string, { mode, mtimeNs }: FileAttributes): Promise<void> {
    return this.#take({ kind: 'finish-folder', path, mode, mtimeNs });
  }

  /** Gives a file that stays as it is its times and mode. */
  finishFile({ path, mode, mtimeNs }: WrittenFile): Promise<void> {
    return this.#take({ kind: 'finish-file', path, mode, mtimeNs });
  }

  newFile(): number {
    return files++;
  }

  /** The next bytes of a file; they are not to change until this resolves. */
  part(
    file: number,
    { path, mode, mtimeNs }: WrittenFile,
    pieces: readonly Bytes[],
    { first, last }: { readonly first: boolean; readonly last: boolean },
  ): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return this.#take({ kind: 'part', file, path, mode, mtimeNs, first, last, start: 0, length }, pieces);
  }

  discard(file: number): Promise<void> {
    return this.#take({ kind: 'discard', file });
  }

  #take(step: WriteStep, pieces: readonly Bytes[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ step, pieces, resolve, reject });
      if (!this.#sending) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#sending = true;
    // Steps that are asked for in the same turn go with the first call.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const { taken, bytes } = this.#next();
      let buffer = this.#buffer;
      this.#buffer = new Uint8Array(0);
      if (buffer.length < bytes) buffer = new Uint8Array(Math.max(bytes, CALL_BYTES));
      let at = 0;
      const steps = taken.map(({ step, pieces }) => {
        const start = at;
        for (const piece of pieces) {
          buffer.set(piece, at);
          at += piece.length;
        }
        return step.kind === 'part' ? { ...step, start } : step;
      });
      try {
        const written = await disk.write(this.#root, buffer, steps);
        this.#buffer = written.buffer;
        for (const [i, waiting] of taken.entries()) {
          const fault = written.faults.get(i);
          if (fault === undefined) waiting.resolve();
          else waiting.reject(new RoostError(fault.fault, fault.message));
        }
      } catch (error) {
        for (const waiting of taken) waiting.reject(error);
      }
    }
    this.#sending = false;
  }

  /** What waits, as much as one call takes. */
  #next(): { readonly taken: readonly Waiting[]; readonly bytes: number } {
    let bytes = 0;
    let count = 0;
    for (const { step } of this.#waiting) {
      const length = step.kind === 'part' ? step.length : 0;
      if (count > 0 && (bytes + length > CALL_BYTES || count >= CALL_STEPS)) break;
      bytes += length;
      count++;
    }
    return { taken: this.#waiting.splice(0, count), bytes };
  }
}
