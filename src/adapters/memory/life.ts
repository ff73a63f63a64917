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

/** Whether a device is awake. While it sleeps nothing of it runs; what fell due then runs when it wakes. */
export class Power {
  #asleep = false;
  #due: (() => void)[] = [];

  get asleep(): boolean {
    return this.#asleep;
  }

  sleep(): void {
    this.#asleep = true;
  }

  wake(): void {
    this.#asleep = false;
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
  }

  /** Calls back now, or when the device wakes. */
  run(callback: () => void): void {
    if (this.#asleep) this.#due.push(callback);
    else callback();
  }
}

/** The world's time as one device sees it: with its own error of the wall clock, still while it sleeps, and nothing after its crash. */
export class DeviceClock implements Clock {
  readonly #world: VirtualClock;
  readonly #life: Life;
  readonly #skew: { ms: number };
  readonly #power: Power;

  constructor(world: VirtualClock, life: Life, skew: { ms: number }, power = new Power()) {
    this.#world = world;
    this.#life = life;
    this.#skew = skew;
    this.#power = power;
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
    let cancelled = false;
    const cancel = this.#world.after(ms, () => {
      this.#power.run(() => {
        if (this.#life.alive && !cancelled) callback();
      });
    });
    return () => {
      cancelled = true;
      cancel();
    };
  }

  pass(): undefined {
    return undefined;
  }

  abortController(): AbortControllerLike {
    return new MemoryAbortController();
  }
}
