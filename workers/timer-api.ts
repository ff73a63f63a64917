/** Messages of the timer worker. `id` is the page's and unused twice. */
export type ToTimer =
  | { readonly type: 'set'; readonly id: number; readonly ms: number }
  | { readonly type: 'clear'; readonly id: number };

/** The ids whose time has come. */
export type FromTimer = number;
