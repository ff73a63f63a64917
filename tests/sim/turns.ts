import type { NextTurn } from '../../src/adapters/memory/event-loop.ts';

/** Turns prepared at once. A round of Node.js's event loop costs some microseconds, each further immediate of a round a tenth of one. */
const BATCH = 256;

/**
 * Turns of Node.js's event loop, many to a round: it lets all microtasks run after each immediate. Enough for a world in which
 * nothing works outside of microtasks.
 */
export function batchedTurns(): NextTurn {
  const waiting: (() => void)[] = [];
  let left = 0;
  const prepare = (): void => {
    left = BATCH;
    for (let i = 0; i < BATCH; i++) setImmediate(run);
  };
  const run = (): void => {
    left--;
    const next = waiting.shift();
    if (left === 0 && (next !== undefined || waiting.length > 0)) prepare();
    next?.();
  };
  return (then) => {
    waiting.push(then);
    if (left === 0) prepare();
  };
}
