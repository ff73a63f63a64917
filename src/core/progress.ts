/** The one progress shape of all long work. */
export interface Progress {
  readonly phase: 'scanning' | 'saving' | 'finishing' | 'locating' | 'restoring' | 'checking';
  /** bytes of content done and in all; `total` grows while scanning still runs */
  readonly done: number;
  readonly total: number;
  readonly files: number;
  readonly filesTotal: number;
  /** bytes that went over the wire so far */
  readonly transferred: number;
  /** bytes a second over the last seconds; 0 while unknown */
  readonly speed: number;
  /** estimated milliseconds left; undefined while unknown */
  readonly leftMs: number | undefined;
  /** the path worked on, for people */
  readonly path: string | undefined;
  /** partners that are waited for; undefined while none is */
  readonly partners: PartnersReached | undefined;
}

/** How many partners of those that are called have answered. */
export interface PartnersReached {
  readonly reached: number;
  readonly of: number;
}

export type OnReached = (partners: PartnersReached) => void;
export type OnProgress = (progress: Progress) => void;

/** Last argument of every long call. */
export interface Cancellable {
  readonly signal?: AbortSignalLike;
}

/** The part of AbortSignal that core and agent use; both platforms' AbortSignal fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
