/** The first share of a transfer is not counted: code is compiled then, and windows grow. */
const UNCOUNTED = 1 / 4;

/** Bytes of one process's streams, from the first that counts to the last; times count from 1970, so that processes compare. */
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
  /** when and after what the counting began */
  #first = { ms: 0, received: 0 };

  constructor(bytes: number, tell: (moved: Moved) => void) {
    this.#bytes = bytes;
    this.#tell = tell;
  }

  received(bytes: number): void {
    const before = this.#received;
    this.#received += bytes;
    const uncounted = UNCOUNTED * this.#bytes;
    if (before < uncounted) {
      if (this.#received < uncounted) return;
      this.#first = { ms: performance.timeOrigin + performance.now(), received: this.#received };
    }
    if (before >= this.#bytes || this.#received < this.#bytes) return;
    const lastMs = performance.timeOrigin + performance.now();
    const { ms, received } = this.#first;
    this.#tell({ kind: 'moved', bytes: this.#received - received, firstMs: ms, lastMs });
  }
}

/** Megabytes a second of all streams together. */
export function speedOf(moved: readonly Moved[]): number {
  const first = Math.min(...moved.map(({ firstMs }) => firstMs));
  const last = Math.max(...moved.map(({ lastMs }) => lastMs));
  const bytes = moved.reduce((sum, each) => sum + each.bytes, 0);
  return bytes / 1e6 / ((last - first) / 1000);
}
