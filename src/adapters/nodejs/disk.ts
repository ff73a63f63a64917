import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { FileRange, FilledBuffer } from '../../ports/source.ts';
import type { DiskAnswer, DiskCall, Listing, Readings, WriteStep, Writings } from './disk-messages.ts';

/** A thread that nobody asks anything for so long ends. */
const IDLE_MS = 10_000;

interface Waiting {
  readonly resolve: (answer: DiskAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** The disk thread of this process, started when it is asked something. It answers in the order of the calls. */
class Disk {
  #worker: Worker | undefined;
  #waiting: Waiting[] = [];
  #idle: NodeJS.Timeout | undefined;
  /** files begun in the thread, which end with it */
  #open = 0;

  /** Something will be asked soon: the thread takes a while to start. */
  prepare(): void {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    if (this.#waiting.length === 0) this.#rest(worker);
  }

  list(root: string, folders: readonly string[]): Promise<Listing> {
    return this.#ask({ kind: 'list', root, folders }) as Promise<Listing>;
  }

  async readInto(
    root: string,
    buffer: Bytes,
    start: number,
    ranges: readonly FileRange[],
  ): Promise<FilledBuffer> {
    const call: DiskCall = { kind: 'read', root, buffer, start, ranges };
    const { bytes, sizes, mtimesNs, faults, ...filled } = (await this.#ask(call, [
      buffer.buffer,
    ])) as Readings;
    const reads = ranges.map((_, i) => {
      const reason = faults.get(i);
      return reason === undefined ? { bytes: bytes[i]!, size: sizes[i]!, mtimeNs: mtimesNs[i]! } : { reason };
    });
    return { buffer: filled.buffer, reads };
  }

  /** The buffer comes back in the answer. */
  async write(root: string, buffer: Bytes, steps: readonly WriteStep[]): Promise<Writings> {
    const answer = (await this.#ask({ kind: 'write', root, buffer, steps }, [buffer.buffer])) as Writings;
    this.#open = answer.open;
    return answer;
  }

  #ask(call: DiskCall, transfer: ArrayBuffer[] = []): Promise<DiskAnswer> {
    return new Promise((resolve, reject) => {
      clearTimeout(this.#idle);
      const worker = (this.#worker ??= this.#start());
      // A process that waits for an answer stays; one that waits for none may end.
      worker.ref();
      this.#waiting.push({ resolve, reject });
      worker.postMessage(call, transfer);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./disk-thread${extname(import.meta.url)}`, import.meta.url));
    worker.on('message', (answer: DiskAnswer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#rest(worker);
    });
    const failed = (cause: unknown): void => {
      // One that was told to end: what waits now waits for another.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#open = 0;
      const error = new RoostError('internal', 'the disk thread has died', { cause });
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    worker.on('error', failed);
    worker.on('exit', failed);
    return worker;
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle = setTimeout(() => {
      if (this.#open > 0) return;
      this.#worker = undefined;
      void worker.terminate();
    }, IDLE_MS).unref();
  }
}

export const disk = new Disk();
