import type { AbortSignalLike } from '../../core/progress.ts';
import type { AbortControllerLike, Clock } from '../../ports/clock.ts';
import type { Source } from '../../ports/source.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { ScannedSource } from './scan.ts';
import { scanSource } from './scan.ts';

/** What was found longer ago than this is looked for again: a repair before a backup may take minutes, and files change. */
const FRESH_MS = 30_000;

/** A scan of all folders of a run that begins before its result is needed, while partners are reached. */
export class EarlyScan {
  readonly #sources: readonly Source[];
  readonly #meter: ProgressMeter;
  readonly #clock: Clock;
  readonly #signal: AbortSignalLike | undefined;
  readonly #stop: AbortControllerLike;
  readonly #onAbort = (): void => this.#stop.abort();
  #startedAt: number;
  #counted = { total: 0, filesTotal: 0 };
  #scan: Promise<readonly ScannedSource[]>;

  constructor(
    sources: readonly Source[],
    meter: ProgressMeter,
    clock: Clock,
    signal: AbortSignalLike | undefined,
  ) {
    this.#sources = sources;
    this.#meter = meter;
    this.#clock = clock;
    this.#signal = signal;
    this.#stop = clock.abortController();
    if (signal?.aborted === true) this.#stop.abort();
    signal?.addEventListener('abort', this.#onAbort);
    this.#startedAt = clock.monotonic();
    this.#scan = this.#begin();
  }

  /** What lies in the folders, found a moment ago at most. @throws what the scan met, also RoostError 'aborted' */
  async found(): Promise<readonly ScannedSource[]> {
    if (this.#clock.monotonic() - this.#startedAt > FRESH_MS) {
      await this.#scan;
      this.#meter.add({ total: -this.#counted.total, filesTotal: -this.#counted.filesTotal });
      this.#counted = { total: 0, filesTotal: 0 };
      this.#startedAt = this.#clock.monotonic();
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
    const scan = this.#scanAll();
    // Told to who waits for it.
    scan.catch(() => undefined);
    return scan;
  }

  async #scanAll(): Promise<readonly ScannedSource[]> {
    const scanned: ScannedSource[] = [];
    const onFile = (bytes: number, path: string): void => {
      this.#counted.total += bytes;
      this.#counted.filesTotal++;
      this.#meter.add({ total: bytes, filesTotal: 1 }, path);
    };
    for (const source of this.#sources) scanned.push(await scanSource(source, onFile, this.#stop.signal));
    return scanned;
  }
}
