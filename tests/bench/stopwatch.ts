/** Bytes of one process's streams, from the first that came to the last; times count from 1970, so that processes compare. */
export interface Moved {
  readonly kind: 'moved';
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Tells once when so many bytes have come. */
export class Stopwatch {
  readonly #bytes: number;
  readonly #tell: (moved: Moved) => void;
  #received = 0;
  #firstMs = 0;

  constructor(bytes: number, tell: (moved: Moved) => void) {
    this.#bytes = bytes;
    this.#tell = tell;
  }

  received(bytes: number): void {
    if (this.#received === 0) this.#firstMs = performance.timeOrigin + performance.now();
    this.#received += bytes;
    if (this.#received - bytes >= this.#bytes || this.#received < this.#bytes) return;
    const lastMs = performance.timeOrigin + performance.now();
    this.#tell({ kind: 'moved', bytes: this.#received, firstMs: this.#firstMs, lastMs });
  }
}

/** Megabytes a second of all streams together. */
export function speedOf(moved: readonly Moved[]): number {
  const first = Math.min(...moved.map(({ firstMs }) => firstMs));
  const last = Math.max(...moved.map(({ lastMs }) => lastMs));
  const bytes = moved.reduce((sum, each) => sum + each.bytes, 0);
  return bytes / 1e6 / ((last - first) / 1000);
}
