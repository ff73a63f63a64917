import type { AbortSignalLike } from '../../core/progress.ts';
import type { AbortControllerLike, Clock } from '../../ports/clock.ts';
import type { Source } from '../../ports/source.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { Repository } from '../repository/repository.ts';
import { compareWithMemory } from './compare.ts';
import type { ScannedSource } from './scan.ts';
import { scanSource } from './scan.ts';

/** What was found longer ago than this is looked for again: a repair before a backup may take minutes, and files change. */
const FRESH_MS = 30_000;

const NOTHING = { done: 0, total: 0, files: 0, filesTotal: 0 };

/**
 * A scan of all folders of a run, compared with what the last run remembers of them, that begins before its result is needed, while
 * partners are reached.
 */
export class EarlyScan {
  readonly #sources: readonly Source[];
  readonly #repository: Repository;
  readonly #meter: ProgressMeter;
  readonly #clock: Clock;
  readonly #signal: AbortSignalLike | undefined;
  readonly #stop: AbortControllerLike;
  readonly #onAbort = (): void => this.#stop.abort();
  #startedAt = 0;
  /** chunks that were said to be stored then may have been dropped since */
  #drops = 0;
  #counted = NOTHING;
  #scan: Promise<readonly ScannedSource[]>;

  constructor(
    sources: readonly Source[],
    repository: Repository,
    meter: ProgressMeter,
    clock: Clock,
    signal: AbortSignalLike | undefined,
  ) {
    this.#sources = sources;
    this.#repository = repository;
    this.#meter = meter;
    this.#clock = clock;
    this.#signal = signal;
    this.#stop = clock.abortController();
    if (signal?.aborted === true) this.#stop.abort();
    signal?.addEventListener('abort', this.#onAbort);
    this.#scan = this.#begin();
  }

  /**
   * What lies in the folders, found a moment ago at most, and which of it is stored now.
   * @throws what the scan met, also RoostError 'aborted'
   */
  async found(): Promise<readonly ScannedSource[]> {
    const old = this.#clock.monotonic() - this.#startedAt > FRESH_MS;
    if (old || this.#repository.chunkDrops !== this.#drops) {
      await this.#scan;
      const { done, total, files, filesTotal } = this.#counted;
      this.#meter.add({ done: -done, total: -total, files: -files, filesTotal: -filesTotal });
      this.#scan = this.#begin();
    }
    return this.#scan;
  }

  /** Ends a scan that nobody waits for any more. */
  stop(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#stop.abort();
  }

  #begin(): Promise<readonly ScannedSource[]> {
    this.#startedAt = this.#clock.monotonic();
    this.#drops = this.#repository.chunkDrops;
    this.#counted = NOTHING;
    const scan = this.#scanAll();
    // Told to who waits for it.
    scan.catch(() => undefined);
    return scan;
  }

  async #scanAll(): Promise<readonly ScannedSource[]> {
    const scanned: ScannedSource[] = [];
    const { signal } = this.#stop;
    for (const source of this.#sources) {
      const found = await scanSource(
        source,
        (bytes, path) => this.#count({ ...NOTHING, total: bytes, filesTotal: 1 }, path),
        signal,
      );
      await compareWithMemory(
        { repository: this.#repository, clock: this.#clock },
        found,
        (bytes) => this.#count({ ...NOTHING, done: bytes, files: 1 }),
        signal,
      );
      scanned.push(found);
    }
    return scanned;
  }

  #count(more: typeof NOTHING, path?: string): void {
    const { done, total, files, filesTotal } = this.#counted;
    this.#counted = {
      done: done + more.done,
      total: total + more.total,
      files: files + more.files,
      filesTotal: filesTotal + more.filesTotal,
    };
    this.#meter.add(more, path);
  }
}
