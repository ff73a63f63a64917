import { RoostError } from '../../core/errors.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AbortControllerLike, Clock } from '../../ports/clock.ts';
import { MemoryAbortController } from './abort-controller.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { sleepOn } from './virtual-clock.ts';

/** One run of a device's program, from its start to its crash. What belongs to a run that ended does nothing any more. */
export class Life {
  #alive = true;
  readonly #endings = new Set<() => void>();

  get alive(): boolean {
    return this.#alive;
  }

  /** @throws RoostError 'internal' once this run has ended */
  check(): void {
    if (!this.#alive) throw new RoostError('internal', 'the simulated device has crashed');
  }

  onEnd(handler: () => void): void {
    this.#endings.add(handler);
  }

  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const ending of this.#endings) ending();
    this.#endings.clear();
  }
}

/** The world's time as one device sees it: with its own error of the wall clock, and nothing after its crash. */
export class DeviceClock implements Clock {
  readonly #world: VirtualClock;
  readonly #life: Life;
  readonly #skew: { ms: number };

  constructor(world: VirtualClock, life: Life, skew: { ms: number }) {
    this.#world = world;
    this.#life = life;
    this.#skew = skew;
  }

  now(): number {
    return Math.floor(this.#world.now() + this.#skew.ms);
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  sleep(ms: number, options: { readonly signal?: AbortSignalLike } = {}): Promise<void> {
    return sleepOn(this, ms, options.signal);
  }

  after(ms: number, callback: () => void): () => void {
    return this.#world.after(ms, () => {
      if (this.#life.alive) callback();
    });
  }

  abortController(): AbortControllerLike {
    return new MemoryAbortController();
  }
}
