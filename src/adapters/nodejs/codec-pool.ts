import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountKeys } from '../../core/crypto/account-keys.ts';
import { SpareShards } from '../../core/codec/spare-shards.ts';
import type { Codec, CodecThreads, SealedShard } from '../../ports/codec.ts';
import type { CodecCall, CodecMethod, CodecReply } from './codec-messages.ts';
import type { Views } from './transferable.ts';
import { readyToTransfer } from './transferable.ts';

/** Spare arrays of shards are dropped when no pack was placed for so long. */
const SPARE_MS = 10_000;

/** Calls one thread has at once: one at work, one ready, so that it never waits for this thread. */
const CALLS_PER_THREAD = 2;

interface Request {
  readonly method: CodecMethod;
  readonly values: readonly unknown[];
  /** what becomes of views among the values; 'copied' when left out */
  readonly views?: Views;
  /** arrays that the thread may seal shards into */
  readonly spare?: readonly Bytes[];
}

interface Call extends Request {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface CodecPoolOptions {
  /** threads at most; one for each core when left out */
  readonly size?: number;
  /** the program of a thread, codec-thread.ts when left out */
  readonly thread?: URL;
}

/**
 * The codec on worker threads, started when there is work for them. Calls beyond what the threads take wait here with their
 * buffers untouched; who awaits its calls is held back so. A thread that dies fails its calls and is replaced by the next call.
 */
export function createCodecPool(options: CodecPoolOptions = {}): Codec & CodecThreads {
  const pool = new CodecPool(options);
  return {
    setKeys: (keys) => pool.setKeys(keys),
    prepare: () => pool.prepare(),
    cut: (buffer, parts) => pool.call('cut', buffer, parts),
    sealBundles: (request) => pool.call('sealBundles', request),
    encodePack: (request) => pool.encodePack(request),
    giveBack: (shards) => pool.giveBack(shards),
    remakeShard: (request) => pool.call('remakeShard', request),
    openSegments: (request) =>
      pool.ask({
        method: 'openSegments',
        values: [request],
        views: request.buffersGiven === true ? 'moved' : 'copied',
      }),
    reconstruct: (request) => pool.call('reconstruct', request),
    openBundles: (request) => pool.call('openBundles', request),
    close: () => pool.close(),
  };
}

class CodecPool {
  readonly #size: number;
  readonly #program: URL;
  readonly #threads = new Set<CodecThread>();
  readonly #waiting: Call[] = [];
  readonly #spare = new SpareShards();
  #dropping: NodeJS.Timeout | undefined;
  #keys: AccountKeys | undefined;
  #closed = false;

  constructor({ size, thread }: CodecPoolOptions) {
    this.#size = Math.max(1, size ?? availableParallelism());
    this.#program = thread ?? new URL(`./codec-thread${extname(import.meta.url)}`, import.meta.url);
  }

  async setKeys(keys: AccountKeys): Promise<void> {
    this.#keys = keys;
    await Promise.all([...this.#threads].map((thread) => thread.setKeys(keys)));
  }

  prepare(): void {
    if (!this.#closed && this.#threads.size === 0) this.#addThread();
  }

  encodePack(request: Parameters<Codec['encodePack']>[0]): ReturnType<Codec['encodePack']> {
    const spare = this.#spare.take(request.seals.length);
    return this.ask({ method: 'encodePack', values: [request], views: 'moved', spare });
  }

  giveBack(shards: readonly SealedShard[]): void {
    this.#spare.give(shards);
    clearTimeout(this.#dropping);
    this.#dropping = setTimeout(() => this.#spare.clear(), SPARE_MS).unref();
  }

  call<T>(method: CodecMethod, ...values: readonly unknown[]): Promise<T> {
    return this.ask({ method, values });
  }

  ask<T>(request: Request): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) {
        reject(new RoostError('aborted', 'the codec is closed'));
        return;
      }
      this.#waiting.push({ ...request, resolve, reject });
      this.#dispatch();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#dropping);
    this.#spare.clear();
    for (const call of this.#waiting.splice(0)) call.reject(new RoostError('aborted', 'the codec is closed'));
    await Promise.all([...this.#threads].map((thread) => thread.end()));
    this.#threads.clear();
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread();
      const call = thread === undefined ? undefined : this.#waiting.shift();
      if (thread === undefined || call === undefined) return;
      thread.take(call);
    }
  }

  /** The thread with the least to do; a new one as long as all are busy and there may be more. */
  #freeThread(): CodecThread | undefined {
    let best: CodecThread | undefined;
    for (const thread of this.#threads) {
      if (thread.load < (best?.load ?? CALLS_PER_THREAD)) best = thread;
    }
    return best?.load === 0 || this.#threads.size >= this.#size ? best : this.#addThread();
  }

  #addThread(): CodecThread {
    const thread: CodecThread = new CodecThread(this.#program, {
      idle: () => this.#dispatch(),
      died: () => {
        this.#threads.delete(thread);
        this.#dispatch();
      },
    });
    this.#threads.add(thread);
    // When this fails, the thread's calls fail for want of keys and say so.
    if (this.#keys !== undefined) thread.setKeys(this.#keys).catch(() => undefined);
    return thread;
  }
}

interface ThreadEvents {
  idle(): void;
  died(): void;
}

class CodecThread {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #events: ThreadEvents;
  #next = 0;

  constructor(program: URL, events: ThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(program);
    this.#worker.unref();
    this.#worker.on('message', (reply: CodecReply) => this.#answered(reply));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(undefined));
  }

  /** Calls taken and not answered. */
  get load(): number {
    return this.#calls.size;
  }

  async setKeys(keys: AccountKeys): Promise<void> {
    await new Promise<unknown>((resolve, reject) => {
      this.take({ method: 'setKeys', values: [keys], resolve, reject });
    });
  }

  take(call: Call): void {
    const transfer = new Set<ArrayBuffer>();
    const id = this.#next++;
    try {
      const values = call.values.map((value) => readyToTransfer(value, transfer, call.views));
      const spare = call.spare ?? [];
      for (const { buffer } of spare) transfer.add(buffer);
      this.#worker.postMessage({ id, method: call.method, values, spare } satisfies CodecCall, [...transfer]);
    } catch (error) {
      call.reject(
        new RoostError('usage', `a call of ${call.method} cannot be sent to a thread`, { cause: error }),
      );
      return;
    }
    // A process with work in its threads stays; one whose threads rest may end.
    if (this.#calls.size === 0) this.#worker.ref();
    this.#calls.set(id, call);
  }

  async end(): Promise<void> {
    this.#reject(new RoostError('aborted', 'the codec was closed'));
    await this.#worker.terminate();
  }

  #answered(reply: CodecReply): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    if (this.#calls.size === 0) this.#worker.unref();
    if ('fault' in reply) call?.reject(new RoostError(reply.fault, reply.message));
    else call?.resolve(reply.result);
    this.#events.idle();
  }

  #fail(error: unknown): void {
    this.#reject(new RoostError('internal', 'a codec thread has died', { cause: error }));
    this.#events.died();
    void this.#worker.terminate();
  }

  #reject(error: RoostError): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
  }
}
