import type { AbortSignalLike } from '../core/progress.ts';

/** Time, injected. */
export interface Clock {
  /** whole milliseconds since 1970, wall clock */
  now(): number;
  /** milliseconds, never goes back; for durations and speeds */
  monotonic(): number;
  /** Resolves after `ms`; rejects with RoostError 'aborted' when the signal fires. */
  sleep(ms: number, options?: { readonly signal?: AbortSignalLike }): Promise<void>;
  /** Calls `callback` after `ms`; returns a function that cancels it. Does not keep a Node.js process alive. */
  after(ms: number, callback: () => void): () => void;
  /**
   * For each round of a long loop: undefined at first, and when the loop has kept its thread for long a promise that resolves in a later task,
   * so that the thread gets to its other work. Loops under way at once share that time.
   */
  pass(): Promise<void> | undefined;
  /** A new abort controller of the platform. */
  abortController(): AbortControllerLike;
}

export interface AbortControllerLike {
  readonly signal: AbortSignalLike;
  abort(reason?: unknown): void;
}
