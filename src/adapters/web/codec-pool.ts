import type { Remote } from 'comlink';
import { transfer } from 'comlink';
import type { CodecApi } from '../../../workers/codec-api.ts';
import type { Outcome } from '../../../workers/outcome.ts';
import type { Bytes } from '../../core/bytes.ts';
import { SpareShards } from '../../core/codec/spare-shards.ts';
import type { AccountKeys } from '../../core/crypto/account-keys.ts';
import { RoostError } from '../../core/errors.ts';
import type { Codec, CodecThreads, SealedShard } from '../../ports/codec.ts';
import type { WorkerLink } from './worker-link.ts';
import { linkWorker } from './worker-link.ts';

const WORKERS_MAX = 4;
/**
 * One core is for the page and the connections, which encrypt all that is sent in one thread: more than two workers wait for that. Each
 * takes up to 41 MiB for its kernel and tens of MB of arrays that the garbage collector has not got round to.
 */
const WORKERS_USUAL = 2;
/** Spare arrays of shards are dropped when no pack was placed for so long. */
const SPARE_MS = 10_000;
/** Calls given to one worker at a time: one at work and one ready, so that it never waits for the page. */
const CALLS_PER_WORKER = 2;

interface Slot {
  readonly link: WorkerLink<CodecApi>;
  /** resolves when it has the keys */
  ready: Promise<void>;
  calls: number;
}

interface Job {
  readonly run: (slot: Slot) => Promise<void>;
  readonly reject: (error: RoostError) => void;
}

export type StartWorker = () => Worker;

const startCodecWorker: StartWorker = () =>
  new Worker(new URL('../../../workers/codec-worker.ts', import.meta.url), {
    type: 'module',
    name: 'roost-codec',
  });

/**
 * The codec spread over dedicated workers. Calls wait here until a worker has room; a worker that dies rejects its own
 * calls ('internal') and the next call starts another in its place. Large buffers cross by transfer, both ways.
 */
export class CodecPool implements Codec, CodecThreads {
  readonly #size: number;
  readonly #start: StartWorker;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Job[] = [];
  readonly #spare = new SpareShards();
  #dropping: ReturnType<typeof setTimeout> | undefined;
  #keys: AccountKeys | undefined;
  #closed = false;

  /** @param size number of workers, 1 to 4; by default two, and one where the machine runs no more than two threads at once */
  constructor(
    size: number = Math.min(navigator.hardwareConcurrency - 1, WORKERS_USUAL),
    start: StartWorker = startCodecWorker,
  ) {
    this.#size = Math.min(Math.max(Math.floor(size) || 1, 1), WORKERS_MAX);
    this.#start = start;
  }

  async setKeys(keys: AccountKeys): Promise<void> {
    this.#checkOpen();
    this.#keys = keys;
    for (const slot of this.#slots) slot.ready = giveKeys(slot.link, keys);
    await Promise.all([...this.#slots].map(({ ready }) => ready));
  }

  prepare(): void {
    if (!this.#closed && this.#slots.size === 0) this.#add();
  }

  cut: Codec['cut'] = (buffer, parts) =>
    this.#call([buffer], (remote, given) => remote.cut(given(buffer), parts));

  sealBundles: Codec['sealBundles'] = (request) =>
    this.#call([request.buffer], (remote, given) => remote.sealBundles(given(request)));

  encodePack: Codec['encodePack'] = (request) => {
    const spare = this.#spare.take(request.seals.length);
    return this.#call([...request.parts, ...spare], (remote, given) =>
      remote.encodePack(given(request), spare),
    );
  };

  giveBack(shards: readonly SealedShard[]): void {
    this.#spare.give(shards);
    clearTimeout(this.#dropping);
    this.#dropping = setTimeout(() => this.#spare.clear(), SPARE_MS);
  }

  remakeShard: Codec['remakeShard'] = (request) =>
    this.#call(
      request.present.map(({ bytes }) => bytes),
      (remote, given) => remote.remakeShard(given(request)),
    );

  openSegments: Codec['openSegments'] = (request) =>
    this.#call(
      request.sealed.map(({ bytes }) => bytes),
      (remote, given) => remote.openSegments(given(request)),
    );

  reconstruct: Codec['reconstruct'] = (request) =>
    this.#call(
      request.present.map(({ bytes }) => bytes),
      (remote, given) => remote.reconstruct(given(request)),
    );

  openBundles: Codec['openBundles'] = (request) =>
    this.#call(
      request.bundles.map(({ sealed }) => sealed),
      (remote, given) => remote.openBundles(given(request)),
    );

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#dropping);
    this.#spare.clear();
    for (const { reject } of this.#waiting.splice(0))
      reject(new RoostError('aborted', 'the codec was closed'));
    for (const { link } of this.#slots) link.close();
    this.#slots.clear();
    await Promise.resolve();
  }

  /** `bytes` are given away with the argument that `given` marks. */
  #call<T>(
    bytes: readonly Bytes[],
    run: (remote: Remote<CodecApi>, given: <A>(argument: A) => A) => Promise<Outcome<T>>,
  ): Promise<T> {
    this.#checkOpen();
    const buffers = new Set(bytes.map(({ buffer }) => buffer));
    const given = <A>(argument: A): A => transfer(argument, [...buffers]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        reject,
        run: async (slot) => {
          try {
            await slot.ready;
            resolve(await slot.link.call((remote) => run(remote, given)));
          } catch (error) {
            reject(error instanceof Error ? error : new RoostError('internal', String(error)));
          }
        },
      });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#freest();
      if (slot === undefined) return;
      const job = this.#waiting.shift();
      slot.calls++;
      void job?.run(slot).then(() => {
        slot.calls--;
        this.#pump();
      });
    }
  }

  /** A worker with room, the least busy one first; a new one while all are busy and more are allowed. */
  #freest(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.#slots) if (best === undefined || slot.calls < best.calls) best = slot;
    if ((best === undefined || best.calls > 0) && this.#slots.size < this.#size) return this.#add();
    return best !== undefined && best.calls < CALLS_PER_WORKER ? best : undefined;
  }

  #add(): Slot {
    const link = linkWorker<CodecApi>(this.#start(), 'roost-codec');
    const slot: Slot = {
      link,
      ready: this.#keys === undefined ? Promise.resolve() : giveKeys(link, this.#keys),
      calls: 0,
    };
    this.#slots.add(slot);
    link.onDeath(() => {
      this.#slots.delete(slot);
      this.#pump();
    });
    return slot;
  }

  #checkOpen(): void {
    if (this.#closed) throw new RoostError('aborted', 'the codec was closed');
  }
}

function giveKeys(link: WorkerLink<CodecApi>, keys: AccountKeys): Promise<void> {
  const given = link.call((remote) => remote.setKeys(keys));
  // A failure is told by the calls that wait for it.
  given.catch(() => undefined);
  return given;
}
