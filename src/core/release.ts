/** Of less the garbage collector hardly knows. */
const RELEASE_MIN_BYTES = 4096;

/**
 * Gives memory back that nobody reads any more; else it waits for the garbage collector, which is called the more often for it. Whoever
 * still looks at it is left with nothing. Does nothing on platforms older than 2024, which cannot.
 */
export function release(memory: ArrayBufferLike): void {
  if (!(memory instanceof ArrayBuffer) || memory.byteLength < RELEASE_MIN_BYTES) return;
  if (typeof memory.transfer === 'function') memory.transfer(0);
}
