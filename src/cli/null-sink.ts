import type { Sink } from '../ports/sink.ts';

/** Takes a whole restore and keeps nothing: reading it proves that it can be had. */
export function nullSink(): Sink {
  const done = (): Promise<void> => Promise.resolve();
  return {
    parallel: 4,
    folder: done,
    file: () => Promise.resolve({ write: done, close: done, abort: done }),
    link: done,
    finish: done,
    abort: done,
  };
}
