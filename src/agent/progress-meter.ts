import type { OnProgress, OnReached, PartnersReached, Progress } from '../core/progress.ts';
import type { Clock } from '../ports/clock.ts';

/** Speed is averaged over this long: shorter jumps about, longer lies after a change. */
const SPEED_WINDOW_MS = 8_000;
/** At most this often to the listener: as an eye follows, since each time the page is laid out and painted anew. */
const REPORT_INTERVAL_MS = 250;

/** What takes longer than this has hardly begun: nobody knows how long it takes. */
const LEFT_TOLD_MS = 30 * 24 * 3_600_000;

/** Partners that take no longer than this to answer are not told as waited for. */
const WAIT_TOLD_MS = 1_000;

type Counts = Pick<Progress, 'done' | 'total' | 'files' | 'filesTotal' | 'transferred'>;

/** Counts work done and tells speed and time left. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #report: OnProgress;
  readonly #samples: { at: number; done: number }[] = [];
  #phase: Progress['phase'];
  #counts: Counts = { done: 0, total: 0, files: 0, filesTotal: 0, transferred: 0 };
  #path: string | undefined;
  #partners: PartnersReached | undefined;
  #reportedAt = -Infinity;

  constructor(clock: Clock, phase: Progress['phase'], report: OnProgress) {
    this.#clock = clock;
    this.#phase = phase;
    this.#report = report;
  }

  phase(phase: Progress['phase']): void {
    this.#phase = phase;
    this.#samples.length = 0;
    this.#publish(true);
  }

  add(change: Partial<Counts>, path?: string): void {
    const c = this.#counts;
    this.#counts = {
      done: c.done + (change.done ?? 0),
      total: c.total + (change.total ?? 0),
      files: c.files + (change.files ?? 0),
      filesTotal: c.filesTotal + (change.filesTotal ?? 0),
      transferred: c.transferred + (change.transferred ?? 0),
    };
    if (path !== undefined) this.#path = path;
    this.#publish(false);
  }

  /** Tells of the partners that some work waits for, once it does for longer than a moment. */
  async waiting<T>(work: (onReached: OnReached) => Promise<T>): Promise<T> {
    let latest: PartnersReached | undefined;
    let long = false;
    const tell = (partners: PartnersReached | undefined): void => {
      if (partners === this.#partners) return;
      this.#partners = partners;
      this.#publish(true);
    };
    const cancelTimer = this.#clock.after(WAIT_TOLD_MS, () => {
      long = true;
      tell(latest);
    });
    try {
      return await work((partners) => {
        latest = partners;
        if (long) tell(latest);
      });
    } finally {
      cancelTimer();
      tell(undefined);
    }
  }

  get transferred(): number {
    return this.#counts.transferred;
  }

  #publish(always: boolean): void {
    const now = this.#clock.monotonic();
    if (!always && now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#samples.push({ at: now, done: this.#counts.done });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > SPEED_WINDOW_MS)
      this.#samples.shift();
    const first = this.#samples[0];
    const elapsed = first ? now - first.at : 0;
    const speed = first && elapsed > 0 ? Math.max(0, ((this.#counts.done - first.done) / elapsed) * 1000) : 0;
    const left = Math.max(0, this.#counts.total - this.#counts.done);
    const leftMs = speed > 0 && this.#phase !== 'scanning' ? (left / speed) * 1000 : Infinity;
    this.#report({
      ...this.#counts,
      phase: this.#phase,
      speed,
      leftMs: leftMs <= LEFT_TOLD_MS ? leftMs : undefined,
      path: this.#path,
      partners: this.#partners,
    });
  }
}
